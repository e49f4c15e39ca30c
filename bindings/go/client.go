package difypool

import (
	"context"
)

// Client is a connection to the machine's difypool service, and an address with a key that calls go to. Any number of
// goroutines may use it at once. Each group of operations is a member: client.Documents.CreateByText(ctx, …).
type Client struct {
	Groups
	link     *link
	handle   *handle
	profile  string
	defaults Options
	crew     *crew
}

// New makes a client. It does no I/O: the service is looked for, and started if need be, at the first call, and what only
// it can judge, such as the form of BaseURL, is judged there.
func New(options Options) (*Client, error) {
	connect := options.connect()
	if len(connect) > 0 && options.BaseURL == "" {
		return nil, fail(InvalidRequest, "bad_option", "", "options of an address are only for BaseURL; a profile has its own")
	}
	if len(connect) > 0 && options.Profile != "" {
		return nil, fail(InvalidRequest, "bad_option", "", "Profile and BaseURL: give one of them")
	}
	client := &Client{link: newLink(options.Socket), profile: options.Profile, defaults: options}
	client.defaults.APIKey = ""
	client.crew = newCrew(client.link)
	if len(connect) > 0 {
		client.handle = &handle{options: connect}
	}
	client.Groups = groupsOf(client)
	return client, nil
}

// Close ends the connection and all streams. Calls of other goroutines end as Cancelled, and so do later ones. It may be
// repeated.
func (c *Client) Close() error {
	c.crew.close()
	c.link.close()
	return nil
}

// String never holds a key.
func (c *Client) String() string {
	switch {
	case c.defaults.BaseURL != "":
		return "difypool client of " + c.defaults.BaseURL
	case c.profile != "":
		return "difypool client of profile " + c.profile
	}
	return "difypool client of the default profile"
}

// GoString keeps the key out of %#v, too.
func (c *Client) GoString() string { return c.String() }

// Call carries out an operation by its name. args is Args, or a struct whose members go by their json tags, or nil. A
// *File among Args is sent as Client's typed methods send it.
func (c *Client) Call(ctx context.Context, op string, args any, options ...CallOption) (*Reply, error) {
	if param := fileParams[op]; param != "" {
		if given, ok := args.(Args); ok {
			if file, ok := given[param].(*File); ok {
				return c.upload(ctx, op, param, file, given, options)
			}
		}
	}
	return c.do(ctx, op, args, optionsOf(c.defaults.Defaults, options))
}

func (c *Client) do(ctx context.Context, op string, args any, o callOptions) (*Reply, error) {
	call, err := c.make(op, args, o)
	if err != nil {
		return nil, err
	}
	if _, bounded := ctx.Deadline(); !bounded && c.defaults.Deadline > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, c.defaults.Deadline)
		defer cancel()
	}
	return c.link.run(ctx, call)
}

// make gives a call to the client's address; those of the service itself go to none.
func (c *Client) make(op string, args any, o callOptions) (*call, error) {
	if ofService(op) {
		return newCall(op, args, o, nil, "")
	}
	return newCall(op, args, o, c.handle, c.profile)
}

func ofService(op string) bool {
	return len(op) > 8 && op[:8] == "service." && op != "service.set" && op != "service.warm"
}

// Info tells of the service: name, version, protocol, epoch, pid, bounds.
func (c *Client) Info(ctx context.Context) (map[string]any, error) {
	reply, err := c.do(ctx, "service.info", nil, callOptions{})
	if err != nil {
		return nil, err
	}
	return reply.value(), nil
}

// Stats gives counters of the service, the pool and each host; the reference of <difypool/stats.h> has their units.
func (c *Client) Stats(ctx context.Context) (map[string]any, error) {
	reply, err := c.do(ctx, "service.stats", nil, callOptions{})
	if err != nil {
		return nil, err
	}
	return reply.value(), nil
}

// Set switches pooling, retry, breaker and cache of the client's address, which equal clients of this user share.
func (c *Client) Set(ctx context.Context, switches map[string]bool) error {
	args := Args{}
	for name, on := range switches {
		args[name] = on
	}
	if _, err := c.do(ctx, "service.set", args, callOptions{}); err != nil {
		return err
	}
	if c.handle != nil {
		c.handle.change(args)
	}
	return nil
}

// Warm opens so many connections to the server and waits for them; it tells how many are open.
func (c *Client) Warm(ctx context.Context, connections int) (int, error) {
	reply, err := c.do(ctx, "service.warm", Args{"connections": connections}, callOptions{})
	if err != nil {
		return 0, err
	}
	return int(number(reply.value()["connections"])), nil
}

// BatchCall is one call of a batch.
type BatchCall struct {
	Op   string `json:"op"`
	Args any    `json:"args,omitempty"`
}

// BatchResult is what came of one call of a batch: exactly one of Reply and Err is there.
type BatchResult struct {
	Reply *Reply
	Err   error
}

// Batch carries out many calls, up to 10,000, in one message: each by its own rules, and one that fails harms no other.
// concurrency is how many run at once; 0 = 16. Bound the whole by the context: there is no other deadline.
func (c *Client) Batch(ctx context.Context, calls []BatchCall, concurrency int, options ...CallOption) ([]BatchResult, error) {
	args := Args{"calls": calls}
	if concurrency > 0 {
		args["concurrency"] = concurrency
	}
	reply, err := c.Call(ctx, "batch", args, options...)
	if err != nil {
		return nil, err
	}
	return batchResults(reply, calls)
}

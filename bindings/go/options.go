package difypool

import (
	"path/filepath"
	"time"
)

// Options says where calls of a client go. The zero value is the default profile of the service's configuration.
//
// All but Profile, Socket and the defaults of calls belong to BaseURL, and become an address of the service's that it
// keeps for this user; a profile has its own.
type Options struct {
	Profile string // a profile of the service's configuration, instead of BaseURL
	BaseURL string // https://host[:port][/prefix], with or without /v1
	APIKey  string // sent as `Authorization: Bearer KEY`; in no text that this package makes

	Workspace              string        // name for the pacer, where several keys share one plan
	CAFile, CADir          string        // CAs to trust, as a PEM file or a hashed directory; the system's by default
	CABytes                []byte        // the same as PEM text
	ClientCert, ClientKey  string        // PEM files
	Proxy, NoProxy         string        // proxy URL (http, https, socks5h), and hosts that go past it; the environment is not read
	UserAgent              string        // to send instead of difypool's
	Resolve                string        // HOST:PORT:ADDRESS pins the name
	SkipVerify             bool          // do not check the server's certificate
	NoPooling              bool          // a new connection for every call
	NoRetry                bool          // never repeat
	NoBreaker              bool          // never leave a server alone
	NoCache                bool          // never join equal reads
	RetryAttempts          int           // tries in all, 1..10; 0 = the service's default
	RetryInitial, RetryMax time.Duration // pauses before a repeat
	Connections            int           // connections to this host, 1..1024
	Warm                   int           // connections opened ahead
	PacePerMinute          int           // knowledge-base calls a minute that the plan allows; learnt by default
	PaceWindow             time.Duration // of the server's window that these are counted in
	ConcurrencyMax         int           // calls at once, 1..1024; found by trying by default
	LatencyCeiling         time.Duration // so few bulk calls at once that half of them are answered within it

	Socket   string        // the service's socket, a path or ipc://PATH, instead of looking for it
	Deadline time.Duration // of calls whose context has none; 0 = the service's default, two minutes
	Defaults []CallOption  // for every call, before its own
}

// connect gives the arguments of service.connect; empty where none was given.
func (o *Options) connect() Args {
	args := Args{}
	for name, value := range map[string]string{
		"base_url": o.BaseURL, "api_key": o.APIKey, "workspace": o.Workspace, "ca_file": absolute(o.CAFile),
		"ca_dir": absolute(o.CADir), "client_cert": absolute(o.ClientCert), "client_key": absolute(o.ClientKey),
		"proxy": o.Proxy, "no_proxy": o.NoProxy, "user_agent": o.UserAgent, "resolve": o.Resolve,
	} {
		if value != "" {
			args[name] = value
		}
	}
	for name, value := range map[string]int64{
		"retry_attempts": int64(o.RetryAttempts), "retry_initial_ms": o.RetryInitial.Milliseconds(),
		"retry_max_ms": o.RetryMax.Milliseconds(), "connections": int64(o.Connections), "warm": int64(o.Warm),
		"pace_per_minute": int64(o.PacePerMinute), "pace_window_ms": o.PaceWindow.Milliseconds(),
		"concurrency_max": int64(o.ConcurrencyMax), "latency_ceiling_ms": o.LatencyCeiling.Milliseconds(),
	} {
		if value != 0 {
			args[name] = value
		}
	}
	for name, off := range map[string]bool{
		"verify": o.SkipVerify, "pooling": o.NoPooling, "retry": o.NoRetry, "breaker": o.NoBreaker, "cache": o.NoCache,
	} {
		if off {
			args[name] = false
		}
	}
	if o.CABytes != nil {
		args["ca_bytes"] = o.CABytes
	}
	return args
}

// absolute: the service stands elsewhere.
func absolute(path string) string {
	if path == "" {
		return ""
	}
	if whole, err := filepath.Abs(path); err == nil {
		return whole
	}
	return path
}

// Args are arguments of an operation, by their names. Ptr makes optional members of parameter structs.
type Args map[string]any

// Ptr gives a pointer to a value, as optional parameters want it.
func Ptr[T any](value T) *T { return &value }

// callOptions are options of one call.
type callOptions struct {
	message map[string]any // keys of the request
	flags   map[string]any // those in its options
	stream  map[string]any // arguments of stream.open or push.open
	id      *[16]byte
	wait    bool
	event   func(PageResult)
}

// tell adds the keys of a request.
func (o *callOptions) tell(message map[string]any) {
	for key, value := range o.message {
		message[key] = value
	}
	if len(o.flags) > 0 {
		message["options"] = o.flags
	}
}

// CallOption is an option of one call.
type CallOption func(*callOptions)

func optionsOf(lists ...[]CallOption) callOptions {
	o := callOptions{message: map[string]any{}, flags: map[string]any{}, stream: map[string]any{}}
	for _, list := range lists {
		for _, option := range list {
			option(&o)
		}
	}
	return o
}

// WithPriority: interactive, normal (the default) or bulk.
func WithPriority(priority string) CallOption {
	return func(o *callOptions) { o.message["priority"] = priority }
}

// WithCache takes an answer up to so old.
func WithCache(age time.Duration) CallOption {
	return func(o *callOptions) { o.message["cache"] = age.Milliseconds() }
}

// WithDecode has JSON answers up to 1 MiB come as values (Reply.Value) instead of bytes.
func WithDecode() CallOption {
	return func(o *callOptions) { o.message["decode"] = true }
}

// WithID gives the call an id of the caller's own: 16 random bytes, once for each intended call. The same call with the
// same id is carried out once.
func WithID(id [16]byte) CallOption {
	return func(o *callOptions) { o.id = &id }
}

// Again says that this call may have been carried out already: it is looked for first.
func Again() CallOption {
	return func(o *callOptions) { o.message["again"] = true }
}

// WithWait waits, within the deadline, for an open breaker, a full server and the service instead of failing.
func WithWait() CallOption {
	return func(o *callOptions) { o.flags["wait"] = true; o.wait = true }
}

// WithoutValidation sends arguments that the table does not know.
func WithoutValidation() CallOption {
	return func(o *callOptions) { o.flags["validate"] = false }
}

// AllowHazard does what the table warns of.
func AllowHazard() CallOption {
	return func(o *callOptions) { o.flags["allow_hazard"] = true }
}

// Blocking asks the server itself for one answer, where an operation of events is called.
func Blocking() CallOption {
	return func(o *callOptions) { o.flags["blocking"] = true }
}

// WithIdle ends a stream, or a push, after so much silence.
func WithIdle(idle time.Duration) CallOption {
	return func(o *callOptions) { o.stream["idle_ms"] = idle.Milliseconds() }
}

// WithTotal bounds all of a stream or a push.
func WithTotal(total time.Duration) CallOption {
	return func(o *callOptions) { o.stream["total_ms"] = total.Milliseconds() }
}

// WithBuffer is how many bytes the service holds for the reader of a stream before the server is made to wait.
func WithBuffer(bytes int) CallOption {
	return func(o *callOptions) { o.stream["buffer"] = bytes }
}

// KeepRun leaves the run of a stream going at the server when its reader leaves.
func KeepRun() CallOption {
	return func(o *callOptions) { o.stream["keep_run"] = true }
}

// OnResult has a push tell each page's result as it comes, instead of gathering all for the Summary. The push waits for
// the function.
func OnResult(told func(PageResult)) CallOption {
	return func(o *callOptions) { o.event = told }
}

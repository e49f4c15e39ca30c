package difypool

// A call on its way. The id is made once, the epoch is the one known when the id was first sent, and only what a resend
// must change (deadline, handle) changes: so whatever is sent twice is carried out once (proto/PROTOCOL.md, section 6).

import (
	"context"
	"crypto/rand"
	"errors"
	"os"
	"strings"
	"sync"
	"time"
)

const (
	serviceDeadline = 120 * time.Second      // where a request names none
	deadlineMax     = 24 * time.Hour         // the longest that a request may name
	margin          = 5 * time.Second        // after the service's own deadline that its word is waited for
	lastWord        = 500 * time.Millisecond // after the end of the context, for the service's word on the call
	lossesMax       = 8                      // connections that may break under one call: it may be what breaks them
	introductions   = 3                      // times a handle is made again for one call
)

// unbounded operations have no deadline but one that is given; the bounds of stream.next and upload.write are elsewhere.
var unbounded = map[string]bool{
	"batch": true, "documents.wait": true, "pages.push": true, "upload.write": true,
}

// handle is an address with a key of our own, which the service knows by a name for one of its lives.
type handle struct {
	mu      sync.Mutex
	options Args
}

func (h *handle) packed() ([]byte, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return packed(h.options)
}

// change keeps switches that were set, so that the next life of the service gets them too.
func (h *handle) change(options Args) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for name, value := range options {
		h.options[name] = value
	}
}

// embedCA sends the CA file's text in place of its path, for a service that will not read the file itself.
func (h *handle) embedCA() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	path := text(h.options["ca_file"])
	if path == "" {
		return false
	}
	// Opening a pipe could take for ever.
	if found, err := os.Stat(path); err != nil || !found.Mode().IsRegular() {
		return false
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return false
	}
	delete(h.options, "ca_file")
	h.options["ca_bytes"] = content
	return true
}

// call is one intended call. It belongs to the goroutine that carries it.
type call struct {
	request
	handle  *handle
	free    bool      // it only reads
	expires time.Time // zero: never by itself
	sent    bool      // its bytes may have reached a service
	losses  int
}

func newCall(op string, args any, o callOptions, h *handle, profile string) (*call, error) {
	c := &call{handle: h, free: freeOps[op] || reads(op, args)}
	c.op, c.profile, c.options = op, profile, o
	if args != nil {
		encoded, err := packed(args)
		if err != nil {
			return nil, err
		}
		c.args = encoded
	}
	if o.id != nil {
		c.id = *o.id
	} else if _, err := rand.Read(c.id[:]); err != nil {
		return nil, fail(Internal, "random", "", "no random bytes: %v", err)
	}
	if !unbounded[op] {
		c.expires = time.Now().Add(serviceDeadline + margin)
	}
	return c, nil
}

// reads tells whether the arguments of a call say that it changes nothing.
func reads(op string, args any) bool {
	given, _ := args.(Args)
	switch op {
	case "stream.open":
		return freeOps[text(given["op"])]
	case "http.request":
		method := strings.ToUpper(text(given["method"]))
		return method == "GET" || method == "HEAD" || method == "OPTIONS"
	}
	if op == "upload.close" {
		return false
	}
	// Those of the service itself look before they do anything, or change nothing at the server.
	group, _, _ := strings.Cut(op, ".")
	return group == "service" || group == "stream" || group == "upload" || group == "push"
}

// prepare makes the frame for a connection. From here on it counts as sent.
func (c *call) prepare(ctx context.Context, epoch []byte, profile string) ([]byte, error) {
	r := c.request
	if !c.sent {
		c.epoch = epoch
	}
	r.epoch = c.epoch
	if c.handle != nil {
		r.profile = profile
	}
	if until, bounded := ctx.Deadline(); bounded {
		c.expires = time.Time{}
		r.deadline = millis(time.Until(until))
	} else if c.sent && !c.expires.IsZero() {
		r.deadline = millis(time.Until(c.expires) - margin)
	}
	frame, err := r.frame()
	if err == nil {
		c.sent = true
	}
	return frame, err
}

func millis(left time.Duration) int64 {
	if left > deadlineMax {
		left = deadlineMax
	}
	if left < time.Millisecond {
		left = time.Millisecond
	}
	return left.Milliseconds()
}

// lost says what the loss of the service for good means to this call.
func (c *call) lost(err error) error {
	if !c.sent || c.free {
		return err
	}
	return fail(UnknownOutcome, "service_lost", "look before doing it again",
		"%s: the difypool service was lost while it worked on this, and did not come back: %v", c.op, err)
}

// ended says what the end of the context, or of the service's time, means to a call that has no answer.
func (c *call) ended(cause error) error {
	var e *Error
	switch {
	case c.sent && !c.free:
		e = fail(UnknownOutcome, "no_answer", "look before doing it again", "%s: ended before its outcome was known", c.op)
		e.Pending = true
	case errors.Is(cause, context.Canceled):
		e = fail(Cancelled, "cancelled", "", "%s: the context was cancelled", c.op)
	default:
		e = fail(Timeout, "no_answer", "", "%s: no answer within its deadline", c.op)
	}
	e.cause = cause
	return e
}

func errClosed() error { return fail(Cancelled, "closed", "", "the client was closed") }

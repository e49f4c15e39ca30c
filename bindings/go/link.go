package difypool

// What a client's goroutines share: the connection that stands, or the one attempt to make one. Each call is carried by
// the goroutine that made it, over as many connections as it takes.

import (
	"context"
	"errors"
	"net"
	"sync"
	"time"
)

type link struct {
	socket string        // as the client was told
	closed chan struct{} // the client is closed

	mu      sync.Mutex
	current *conn
	known   bool // a connection was there before
	attempt *attempt
}

type attempt struct {
	done chan struct{}
	conn *conn
	err  error
}

func newLink(socket string) *link { return &link{socket: socket, closed: make(chan struct{})} }

// close ends the connection; calls that wait end as cancelled. May be repeated.
func (l *link) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.isClosed() {
		return
	}
	close(l.closed)
	if l.current != nil {
		l.current.end(errClosed())
	}
}

func (l *link) isClosed() bool {
	select {
	case <-l.closed:
		return true
	default:
		return false
	}
}

// connection gives the connection that stands, or makes one; all who ask meanwhile share the attempt.
func (l *link) connection(ctx context.Context, h *handle) (*conn, error) {
	l.mu.Lock()
	if l.isClosed() {
		l.mu.Unlock()
		return nil, errClosed()
	}
	if l.current != nil {
		select {
		case <-l.current.dead:
			l.current = nil
		default:
			defer l.mu.Unlock()
			return l.current, nil
		}
	}
	a := l.attempt
	if a == nil {
		a = &attempt{done: make(chan struct{})}
		l.attempt = a
		go l.connect(a, h)
	}
	l.mu.Unlock()
	select {
	case <-a.done:
		return a.conn, a.err
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-l.closed:
		return nil, errClosed()
	}
}

func (l *link) connect(a *attempt, h *handle) {
	l.mu.Lock()
	known := l.known
	l.mu.Unlock()
	err := open(l.socket, known, l.closed, func(_ place, socket *net.UnixConn) error {
		made, err := greet(socket, h)
		a.conn = made
		return err
	})
	l.mu.Lock()
	defer l.mu.Unlock()
	a.err = err
	if err == nil {
		l.current, l.known = a.conn, true
		if l.isClosed() {
			a.conn.end(errClosed())
		}
	}
	l.attempt = nil
	close(a.done)
}

// flight is a call that was sent and not answered yet.
type flight struct {
	call   *call
	conn   *conn
	rid    uint32
	answer <-chan []byte
	name   string // of its handle
}

// run carries a call out and waits for its reply.
func (l *link) run(ctx context.Context, c *call) (*Reply, error) {
	f, err := l.begin(ctx, c)
	if err != nil {
		return nil, err
	}
	return l.finish(ctx, f)
}

// begin sends a call, to be waited for by finish.
func (l *link) begin(ctx context.Context, c *call) (*flight, error) {
	if ctx.Err() != nil {
		return nil, c.ended(ctx.Err())
	}
	for pause := pauseFirst; ; pause = longer(pause) {
		f, err := l.attemptTo(ctx, c)
		if err == nil {
			return f, nil
		}
		if ctx.Err() != nil {
			return nil, c.ended(ctx.Err())
		}
		if codeOf(err) == "lost" && c.losses < lossesMax {
			c.losses++
			continue // the connection broke before this could be sent on it
		}
		if !c.options.wait || !errors.Is(err, Unreachable) || codeOf(err) == "not_installed" || c.late() {
			return nil, c.lost(err)
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return nil, c.ended(ctx.Err())
		}
	}
}

// late: its own time is over, where its context has no end.
func (c *call) late() bool { return !c.expires.IsZero() && time.Now().After(c.expires) }

func (l *link) attemptTo(ctx context.Context, c *call) (*flight, error) {
	conn, err := l.connection(ctx, c.handle)
	if err != nil {
		return nil, err
	}
	f := &flight{call: c, conn: conn}
	for tries := 0; c.handle != nil; tries++ {
		if f.name, err = conn.name(ctx, c.handle); err == nil {
			break
		}
		if tries == introductions || !mended(c.handle, err) {
			return nil, err
		}
	}
	frame, err := c.prepare(ctx, conn.epoch, f.name)
	if err != nil {
		return nil, err
	}
	f.rid, f.answer = conn.send(frame)
	return f, nil
}

// mended: the service does not take the path of a CA file, as one shared with others does not, and now gets its text.
func mended(h *handle, err error) bool {
	code := codeOf(err)
	return errors.Is(err, Denied) && (code == "unsteady_file" || code == "unreadable_file") && h.embedCA()
}

// finish waits for the reply of a call that was begun, sending it again over a new connection where need be.
func (l *link) finish(ctx context.Context, f *flight) (*Reply, error) {
	c := f.call
	for tries := 0; ; {
		payload, err := l.await(ctx, f)
		if err != nil {
			return nil, err
		}
		if payload != nil {
			told := readReply(payload, c.id)
			if told.err == nil {
				return told.reply, nil
			}
			if tries++; tries > introductions || !l.renamed(f, told.err) {
				return nil, dated(ctx, told.err)
			}
		} else if err = c.brokenUnder(f.conn.reason()); err != nil {
			return nil, err
		}
		next, err := l.begin(ctx, c)
		if err != nil {
			return nil, err
		}
		*f = *next
	}
}

// dated: where the service says that the deadline passed, and it was the context's, the error is the context's, too.
func dated(ctx context.Context, e *Error) *Error {
	until, bounded := ctx.Deadline()
	if bounded && time.Until(until) < lastWord && (e.Kind == Timeout || (e.Kind == UnknownOutcome && e.Pending)) {
		e.cause = context.DeadlineExceeded
	}
	return e
}

// brokenUnder: the connection broke. An error where the call is not to be sent again.
func (c *call) brokenUnder(why error) error {
	if !errors.Is(why, Unreachable) {
		return c.lost(why) // the peer does not speak the protocol, or the client was closed
	}
	if c.losses++; c.losses >= lossesMax {
		return c.lost(fail(Unreachable, "lost", "", "%s: the connection to the difypool service broke %d times under this call", c.op, c.losses))
	}
	return nil
}

// renamed: the service has forgotten the handle; it is made again.
func (l *link) renamed(f *flight, err *Error) bool {
	if f.call.handle == nil {
		return false
	}
	if (err.Kind == NotFound && err.Code == "no_such_profile") || mended(f.call.handle, err) {
		f.conn.forgotten(f.call.handle, f.name)
		return true
	}
	return false
}

// await gives the payload of the answer, or nil where the connection broke before it came.
func (l *link) await(ctx context.Context, f *flight) ([]byte, error) {
	var late <-chan time.Time
	if !f.call.expires.IsZero() {
		timer := time.NewTimer(time.Until(f.call.expires))
		defer timer.Stop()
		late = timer.C
	}
	select {
	case payload := <-f.answer:
		return payload, nil
	case <-f.conn.dead:
		select {
		case payload := <-f.answer:
			return payload, nil
		default:
			return nil, nil
		}
	case <-late:
		f.conn.forget(f.rid)
		return nil, f.call.ended(context.DeadlineExceeded)
	case <-ctx.Done():
		return l.leave(ctx, f)
	}
}

// leave ends a call whose context has ended. The service is told; what it says of the call at once is its outcome, and
// tells a write that was not begun from one that may have happened.
func (l *link) leave(ctx context.Context, f *flight) ([]byte, error) {
	if !errors.Is(ctx.Err(), context.DeadlineExceeded) {
		l.post(f.conn, "service.cancel", Args{"id": f.call.id[:]})
	}
	timer := time.NewTimer(lastWord)
	defer timer.Stop()
	select {
	case payload := <-f.answer:
		told := readReply(payload, f.call.id)
		if told.err != nil && (told.err.Kind == Cancelled || told.err.Kind == Timeout || told.err.Kind == UnknownOutcome) {
			told.err.cause = ctx.Err()
			return nil, told.err
		}
		return payload, nil
	case <-f.conn.dead:
	case <-timer.C:
		f.conn.forget(f.rid)
	}
	return nil, f.call.ended(ctx.Err())
}

// post sends a request whose answer nobody waits for.
func (l *link) post(conn *conn, op string, args Args) {
	c, err := newCall(op, args, callOptions{}, nil, "")
	if err != nil {
		return
	}
	if frame, err := c.prepare(context.Background(), conn.epoch, ""); err == nil {
		rid, _ := conn.send(frame)
		conn.forget(rid)
	}
}

// tell posts over the connection that stands; false where there is none.
func (l *link) tell(op string, args Args) bool {
	l.mu.Lock()
	conn := l.current
	l.mu.Unlock()
	if conn == nil {
		return false
	}
	l.post(conn, op, args)
	return true
}

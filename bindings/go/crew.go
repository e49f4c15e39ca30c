package difypool

// Answers that come in pieces. All streams of a client share their waiting: one stream.next asks for every stream that has
// nothing left to read. What still has unread pieces is not asked for, and so the service, and behind it the server, is
// held back by a reader that sleeps. `after` tells the service what arrived; a reply that was lost is asked for again with
// the same number, and pieces that come twice are told by theirs.

import (
	"context"
	"errors"
	"sync"
)

const (
	flowsAtOnce = 1024  // streams that one request may name
	waitMS      = 20000 // how long the service waits for the first piece
)

// flow is one stream: a handle, and what arrived and was not read yet.
type flow struct {
	op     string
	handle []byte
	bytes  bool // pieces of a file, not events

	// Guarded by the crew's lock.
	after  int64 // number of the last event, or bytes, that arrived
	queue  []any
	end    *outcome
	run    map[string]string
	asked  bool // a request waits for it
	closed bool
	change chan struct{} // closed, and made anew, when something has come or it is not asked for any more
}

// signal wakes who waits; with the lock held.
func (f *flow) signal() {
	close(f.change)
	f.change = make(chan struct{})
}

func (f *flow) ready() bool { return len(f.queue) > 0 || f.end != nil || f.closed }

type crew struct {
	link *link
	mu   sync.Mutex
	open map[string]*flow
}

func newCrew(l *link) *crew { return &crew{link: l, open: map[string]*flow{}} }

// adopt takes a stream that was opened.
func (w *crew) adopt(op string, handle []byte, isBytes bool) *flow {
	f := &flow{op: op, handle: handle, bytes: isBytes, run: map[string]string{}, change: make(chan struct{})}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.open[string(handle)] = f
	return f
}

// take gives the next piece, waiting for it; nil once the stream has ended.
func (w *crew) take(ctx context.Context, f *flow) (any, error) {
	for {
		if ctx.Err() != nil {
			return nil, endedStream(f.op, ctx.Err())
		}
		w.mu.Lock()
		if len(f.queue) > 0 {
			piece := f.queue[0]
			f.queue[0] = nil
			f.queue = f.queue[1:]
			w.mu.Unlock()
			return piece, nil
		}
		if f.ready() {
			defer w.mu.Unlock()
			return nil, f.verdict()
		}
		change := f.change
		if !f.asked {
			go w.ask(w.hungry(f))
		}
		w.mu.Unlock()
		select {
		case <-change:
		case <-ctx.Done():
		}
	}
}

func endedStream(op string, cause error) error {
	e := fail(Cancelled, "cancelled", "", "%s: the context of the stream ended", op)
	if errors.Is(cause, context.DeadlineExceeded) {
		e = fail(Timeout, "deadline", "", "%s: the deadline of the stream passed", op)
	}
	e.cause = cause
	return e
}

// verdict is what ended it; with the lock held.
func (f *flow) verdict() error {
	if f.end == nil {
		return fail(Cancelled, "closed", "", "%s: the stream was closed", f.op)
	}
	if f.end.err == nil {
		return nil
	}
	e := *f.end.err
	e.Run = f.run
	return &e
}

// hungry gathers the streams that the next request is to name, first for sure; with the lock held.
func (w *crew) hungry(first *flow) []*flow {
	first.asked = true
	flows := []*flow{first}
	for _, f := range w.open {
		if len(flows) == flowsAtOnce {
			break
		}
		if !f.asked && !f.ready() {
			f.asked = true
			flows = append(flows, f)
		}
	}
	return flows
}

// ask carries one stream.next, and wakes whom it was for.
func (w *crew) ask(flows []*flow) {
	streams := make([]Args, len(flows))
	w.mu.Lock()
	for i, f := range flows {
		streams[i] = Args{"stream": f.handle, "after": f.after}
	}
	w.mu.Unlock()
	reply, err := w.next(Args{"streams": streams, "wait_ms": waitMS})
	w.mu.Lock()
	defer w.mu.Unlock()
	if err == nil {
		err = w.feed(reply)
	}
	for _, f := range flows {
		if err != nil {
			f.fail(err)
		}
		f.asked = false
		f.signal()
	}
}

func (w *crew) next(args Args) (*Reply, error) {
	c, err := newCall("stream.next", args, callOptions{}, nil, "")
	if err != nil {
		return nil, err
	}
	return w.link.run(context.Background(), c)
}

// feed hands out what a reply brought; with the lock held.
func (w *crew) feed(reply *Reply) error {
	streams, ok := reply.value()["streams"].([]any)
	if !ok {
		return fail(Protocol, "stream", "", "the service's reply lacks the streams")
	}
	for _, entry := range streams {
		told, _ := entry.(map[string]any)
		if f := w.open[string(raw(told["stream"]))]; f != nil {
			f.feed(told)
		}
	}
	return nil
}

// feed takes what a reply tells of this stream; with the lock held.
func (f *flow) feed(about map[string]any) {
	if events, ok := about["events"].([]any); ok {
		f.add(events, f.after+1-number(about["first"]), int64(len(events)))
	} else if bytes := raw(about["bytes"]); bytes != nil {
		skip := f.after - number(about["offset"])
		var piece []any
		if skip >= 0 && skip < int64(len(bytes)) {
			piece = []any{bytes[skip:]}
		}
		f.add(piece, skip, int64(len(bytes)))
	}
	if end, ok := about["end"].(map[string]any); ok && f.end == nil {
		f.finish(end)
	}
}

// add queues pieces, of which the first skip have come before.
func (f *flow) add(pieces []any, skip, size int64) {
	if skip < 0 {
		f.end = &outcome{err: fail(Protocol, "stream_gap", "", "%s: the service left pieces of the stream out", f.op)}
		return
	}
	if skip >= size || f.closed {
		return
	}
	if !f.bytes {
		pieces = pieces[skip:]
	}
	f.queue = append(f.queue, pieces...)
	f.after += size - skip
}

func (f *flow) finish(end map[string]any) {
	ending := told(end)
	body := end
	for _, key := range []string{"ok", "error"} {
		if inner, ok := end[key].(map[string]any); ok {
			body = inner
		}
	}
	for _, run := range []any{end["run"], body["run"]} {
		for name, id := range words(run) {
			f.run[name] = id
		}
	}
	if e := ending.err; e != nil && (e.Code == "no_such_stream" || e.Code == "no_such_push") {
		ending.err = f.lost("the difypool service that held it is gone, or gave it up")
	}
	f.end = &ending
}

// fail: the request that asked for it failed.
func (f *flow) fail(err error) {
	if f.end != nil {
		return
	}
	var e *Error
	if !errors.As(err, &e) {
		e = fail(Internal, "stream", "", "%s: %v", f.op, err)
	}
	if e.Kind == Unreachable {
		e = f.lost(e.Message)
	}
	f.end = &outcome{err: e}
}

func (f *flow) lost(why string) *Error {
	switch {
	case f.op == "pages.push":
		return fail(Unreachable, "service_lost", "push again: it goes on from what is there", "%s: the push was lost: %s", f.op, why)
	case freeOps[f.op]:
		return fail(Unreachable, "service_lost", "", "%s: the stream was lost: %s", f.op, why)
	}
	return fail(UnknownOutcome, "service_lost", "the run may have gone on: look by its ids", "%s: the stream was lost: %s", f.op, why)
}

// forget: nobody reads it any more. True the first time.
func (w *crew) forget(f *flow) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if f.closed {
		return false
	}
	f.closed = true
	f.queue = nil
	delete(w.open, string(f.handle))
	f.signal()
	return true
}

// leave tells the service, without waiting, that nobody reads this any more.
func (w *crew) leave(f *flow) {
	if w.forget(f) {
		w.link.tell("stream.close", Args{"stream": f.handle})
	}
}

func (w *crew) close() {
	w.mu.Lock()
	flows := make([]*flow, 0, len(w.open))
	for _, f := range w.open {
		flows = append(flows, f)
	}
	w.mu.Unlock()
	for _, f := range flows {
		w.leave(f)
	}
	if len(flows) == 0 {
		return
	}
	// What was sent before a ping that is answered has arrived, and the runs are stopped now rather than as orphans.
	ctx, cancel := context.WithTimeout(context.Background(), lastWord)
	defer cancel()
	if c, err := newCall("service.ping", nil, callOptions{}, nil, ""); err == nil {
		_, _ = w.link.run(ctx, c)
	}
}

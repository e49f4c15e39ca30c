package difypool

import (
	"context"
	"encoding/json"
	"io"
	"sync"
	"time"
)

const (
	closeLimit     = 5 * time.Second // that Close waits for the service's word
	downloadBuffer = 256 << 10       // bytes the service holds of a download
)

// Event is one event of a run.
type Event struct {
	Name string // as the server named it, or as its data says; "" where neither does
	ID   string // as the server gave it; "" = none
	Data []byte // nearly always JSON
}

// JSON unmarshals the event's data.
func (e Event) JSON(into any) error { return json.Unmarshal(e.Data, into) }

// Stream is the events of a run, as they come:
//
//	for stream.Next() {
//		use(stream.Event())
//	}
//	if err := stream.Err(); err != nil { … }
//
// The run is stopped at the server when its reader leaves early: by Close, or by the end of the context that it was
// opened with. A reader that takes its time holds the server back; nothing piles up. To be read by one goroutine at a
// time; any other may close it.
type Stream struct {
	*opened
	event  Event
	answer []byte
}

// opened is what streams of both kinds have.
type opened struct {
	Op      string            // the operation
	Status  int               // of the server's answer
	Type    string            // its Content-Type
	Headers map[string]string // those that matter
	ctx     context.Context
	crew    *crew
	flow    *flow
	name    string
	length  int64
	mu      sync.Mutex
	err     error
}

// Stream opens any operation of events by its name. So may be those that read, and documents.wait and batch.
// What the server refuses is the error here.
func (c *Client) Stream(ctx context.Context, op string, args any, options ...CallOption) (*Stream, error) {
	opened, err := c.open(ctx, op, args, options)
	if err != nil {
		return nil, err
	}
	return &Stream{opened: opened}, nil
}

func (c *Client) open(ctx context.Context, op string, args any, options []CallOption) (*opened, error) {
	o := optionsOf(c.defaults.Defaults, options)
	given := Args{"op": op}
	if args != nil {
		given["args"] = args
	}
	for name, value := range o.stream {
		given[name] = value
	}
	reply, err := c.do(ctx, "stream.open", given, o)
	if err != nil {
		return nil, err
	}
	about := reply.value()
	length := int64(-1)
	if about["length"] != nil {
		length = number(about["length"])
	}
	s := &opened{
		Op: op, Status: int(number(about["status"])), Type: text(about["type"]), Headers: words(about["headers"]),
		ctx: ctx, crew: c.crew, name: text(about["name"]), length: length,
	}
	s.flow = c.crew.adopt(op, raw(about["stream"]), text(about["kind"]) == "bytes")
	return s, nil
}

func (s *opened) take() (any, error) {
	piece, err := s.crew.take(s.ctx, s.flow)
	if piece == nil {
		s.mu.Lock()
		if s.err == nil {
			s.err = err
		}
		s.mu.Unlock()
		s.crew.leave(s.flow)
	}
	return piece, err
}

// Close ends it, and stops its run at the server unless it was opened with KeepRun. It waits, for a moment, for the
// service's word. It may be repeated; it is needed only where the stream was not read to its end.
func (s *opened) Close() error {
	if !s.crew.forget(s.flow) {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), closeLimit)
	defer cancel()
	c, err := newCall("stream.close", Args{"stream": s.flow.handle}, callOptions{}, nil, "")
	if err == nil {
		// Whatever this says, the handle is gone: so is the service, or it stops what nobody reads.
		_, _ = s.crew.link.run(ctx, c)
	}
	return err
}

// Run gives the ids of the run that are known: task_id, message_id, conversation_id, workflow_run_id.
func (s *opened) Run() map[string]string {
	s.crew.mu.Lock()
	defer s.crew.mu.Unlock()
	run := make(map[string]string, len(s.flow.run))
	for name, id := range s.flow.run {
		run[name] = id
	}
	return run
}

// Err tells what ended it; nil where it was read to a good end, or goes on.
func (s *opened) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// Reply is how it ended, with Meta and without a body; nil as long as it goes on, or where it failed.
func (s *opened) Reply() *Reply {
	s.crew.mu.Lock()
	defer s.crew.mu.Unlock()
	if s.flow.end == nil {
		return nil
	}
	return s.flow.end.reply
}

// Next waits for the next event; false at the end, and then Err says which one it was.
func (s *Stream) Next() bool {
	if s.Err() != nil {
		return false
	}
	piece, _ := s.take()
	switch p := piece.(type) {
	case string:
		s.event = Event{Data: []byte(p)}
	case map[string]any:
		s.event = Event{Name: text(p["event"]), ID: text(p["id"]), Data: []byte(text(p["data"]))}
	case []byte:
		s.event = s.whole(p) // it answered with one JSON text
	default:
		return false
	}
	s.note()
	return s.Err() == nil
}

// whole reads an answer that came as bytes to its end: it is one event without a name.
func (s *Stream) whole(begun []byte) Event {
	data := append([]byte(nil), begun...)
	for {
		piece, _ := s.take()
		more, ok := piece.([]byte)
		if !ok {
			return Event{Data: data}
		}
		data = append(data, more...)
	}
}

// Event is the event that Next has brought.
func (s *Stream) Event() Event { return s.event }

// Answer is the words of the answer that were read so far.
func (s *Stream) Answer() string { return string(s.answer) }

// Text reads to the end and gives all words of the answer.
func (s *Stream) Text() (string, error) {
	for s.Next() {
		continue
	}
	return s.Answer(), s.Err()
}

// note keeps the words and ids that the event tells.
func (s *Stream) note() {
	var told struct {
		Event, Answer  string
		TaskID         string `json:"task_id"`
		MessageID      string `json:"message_id"`
		ConversationID string `json:"conversation_id"`
		WorkflowRunID  string `json:"workflow_run_id"`
		Data           json.RawMessage
	}
	if json.Unmarshal(s.event.Data, &told) != nil {
		return
	}
	if s.event.Name == "" {
		s.event.Name = told.Event
	}
	switch told.Event {
	case "message", "agent_message":
		s.answer = append(s.answer, told.Answer...)
	case "message_replace":
		s.answer = []byte(told.Answer)
	case "text_chunk":
		var chunk struct{ Text string }
		if json.Unmarshal(told.Data, &chunk) == nil {
			s.answer = append(s.answer, chunk.Text...)
		}
	}
	s.crew.mu.Lock()
	defer s.crew.mu.Unlock()
	for name, id := range map[string]string{
		"task_id": told.TaskID, "message_id": told.MessageID,
		"conversation_id": told.ConversationID, "workflow_run_id": told.WorkflowRunID,
	} {
		if id != "" {
			s.flow.run[name] = id
		}
	}
}

// Download is a file as it comes: an io.ReadCloser that is never whole in memory. One that is cut ends with an error
// other than io.EOF.
type Download struct {
	*opened
	rest []byte
}

// Download opens an operation whose answer is a file, or any that reads, by its name.
func (c *Client) Download(ctx context.Context, op string, args any, options ...CallOption) (*Download, error) {
	options = append([]CallOption{WithBuffer(downloadBuffer)}, options...)
	opened, err := c.open(ctx, op, args, options)
	if err != nil {
		return nil, err
	}
	return &Download{opened: opened}, nil
}

// Name is the server's own name for the file, without any directory; "" = none.
func (d *Download) Name() string { return d.name }

// Length is the file's size; -1 where the server did not say.
func (d *Download) Length() int64 { return d.length }

// Read gives the next bytes; io.EOF after the last of a whole file.
func (d *Download) Read(into []byte) (int, error) {
	if len(into) == 0 {
		return 0, nil
	}
	if len(d.rest) == 0 {
		if err := d.Err(); err != nil {
			return 0, err
		}
		if err := d.fill(); err != nil {
			return 0, err
		}
	}
	count := copy(into, d.rest)
	d.rest = d.rest[count:]
	return count, nil
}

func (d *Download) fill() error {
	piece, err := d.take()
	switch p := piece.(type) {
	case []byte:
		d.rest = p
		return nil
	case nil:
		if err == nil {
			err = io.EOF
		}
		d.mu.Lock()
		d.err = err
		d.mu.Unlock()
		return err
	}
	return fail(Protocol, "stream", "", "%s: the service sent events in place of bytes", d.Op)
}

// WriteTo writes what is left of the file, so that io.Copy needs no buffer of its own.
func (d *Download) WriteTo(to io.Writer) (int64, error) {
	var written int64
	for {
		if len(d.rest) == 0 {
			if err := d.Err(); err == io.EOF {
				return written, nil
			} else if err != nil {
				return written, err
			}
			if err := d.fill(); err == io.EOF {
				return written, nil
			} else if err != nil {
				return written, err
			}
		}
		count, err := to.Write(d.rest)
		written += int64(count)
		d.rest = d.rest[count:]
		if err != nil {
			return written, err
		}
	}
}

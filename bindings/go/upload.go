package difypool

// Files to send. One that is small goes in the message of its call. A larger one is opened (upload.open), written in
// pieces, of which as many are under way as the service has room for, and closed, which gives the operation's reply; at no
// time is more of it in memory than those pieces. If the service dies meanwhile nothing has been created, and a file that
// can be read again from where it began is sent once more.

import (
	"bytes"
	"context"
	"errors"
	"io"
	"time"

	"github.com/vmihailenco/msgpack/v5"
)

const (
	smallFile    = 256 << 10 // bytes that go in one message
	pieceSize    = 256 << 10
	windowUntold = 1 << 20 // bytes ahead of what was accepted, where the service does not say
	writesAtOnce = 16      // that the service holds of one upload
)

// File is a file to send. Its content is read once, from where the reader stands; if the reader is an io.Seeker, its
// length is told ahead, and it is read again where the service was lost in the middle.
type File struct {
	Name    string    // file name, which the server needs
	Type    string    // media type; "" = by the name
	Content io.Reader // *os.File, bytes.Reader, a pipe, …
	Length  int64     // bytes, where they are known and Content is no io.Seeker; 0 = not known
}

// source is a file on its way.
type source struct {
	*File
	start  int64 // where it began; -1 = it cannot be read again
	length int64 // -1 = not known
	rest   io.Reader
}

func newSource(file *File) (*source, error) {
	if file == nil || file.Content == nil {
		return nil, fail(InvalidRequest, "argument", "", "the file has no content")
	}
	if file.Name == "" {
		return nil, fail(InvalidRequest, "argument", "", "the file has no name, which the server needs")
	}
	s := &source{File: file, start: -1, length: -1, rest: file.Content}
	if file.Length > 0 {
		s.length = file.Length
	}
	if seeker, ok := file.Content.(io.Seeker); ok {
		start, err := seeker.Seek(0, io.SeekCurrent)
		if err != nil {
			return s, nil // a pipe: read as it comes
		}
		end, err := seeker.Seek(0, io.SeekEnd)
		if err != nil {
			return s, nil
		}
		if _, err = seeker.Seek(start, io.SeekStart); err != nil {
			return nil, readFailed(file, err)
		}
		s.start, s.length = start, end-start
	}
	return s, nil
}

func readFailed(file *File, err error) error {
	e := fail(InvalidRequest, "file", "", "%s cannot be read; nothing was created: %v", file.Name, err)
	e.cause = err
	return e
}

// small gives the whole file if it fits a message; else what was read is put back.
func (s *source) small() ([]byte, error) {
	if s.length > smallFile {
		return nil, nil
	}
	data, err := io.ReadAll(io.LimitReader(s.Content, smallFile+1))
	if err != nil {
		return nil, readFailed(s.File, err)
	}
	if len(data) > smallFile {
		s.rest = io.MultiReader(bytes.NewReader(data), s.Content)
		return nil, nil
	}
	if data == nil {
		data = []byte{}
	}
	return data, nil
}

// again goes back to where it began.
func (s *source) again() bool {
	if s.start < 0 {
		return false
	}
	_, err := s.Content.(io.Seeker).Seek(s.start, io.SeekStart)
	s.rest = s.Content
	return err == nil
}

// upload is what the typed methods with a file stand on. args are the other arguments.
func (c *Client) upload(ctx context.Context, op, param string, file *File, args any, options []CallOption) (*Reply, error) {
	o := optionsOf(c.defaults.Defaults, options)
	if _, bounded := ctx.Deadline(); !bounded && c.defaults.Deadline > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, c.defaults.Deadline)
		defer cancel()
	}
	given, err := mapOf(args, param)
	if err != nil {
		return nil, err
	}
	s, err := newSource(file)
	if err != nil {
		return nil, err
	}
	data, err := s.small()
	if err != nil {
		return nil, err
	}
	if data != nil {
		part := Args{"name": file.Name, "data": data}
		if file.Type != "" {
			part["type"] = file.Type
		}
		given[param] = part
		return c.do(ctx, op, given, o)
	}
	for tries := 0; ; tries++ {
		u := &uploading{client: c, op: op, source: s, options: o}
		reply, err := u.carry(ctx, param, given)
		if err == nil || tries > 0 || codeOf(err) != "no_such_upload" {
			return reply, u.meaning(err)
		}
		if u.complete || !s.again() {
			return nil, u.meaning(err)
		}
	}
}

// mapOf gives arguments as a map of its own, without the file.
func mapOf(args any, param string) (Args, error) {
	given := Args{}
	if m, ok := args.(Args); ok {
		for name, value := range m {
			if name != param {
				given[name] = value
			}
		}
		return given, nil
	}
	encoded, err := packed(args)
	if err == nil && args != nil {
		err = msgpack.Unmarshal(encoded, &given)
	}
	return given, err
}

// uploading is one attempt at sending a file in pieces.
type uploading struct {
	client   *Client
	op       string
	source   *source
	options  callOptions
	handle   []byte
	window   int64
	offset   int64 // bytes that were sent
	accepted int64
	flying   []*flight
	broken   bool // the connection changed under the writes that fly: no new one before they are through
	complete bool // all bytes and upload.close are on their way
}

func (u *uploading) carry(ctx context.Context, param string, args Args) (*Reply, error) {
	if err := u.open(ctx, param, args); err != nil {
		return nil, err
	}
	reply, err := u.writeAndClose(ctx)
	if err != nil && (ctx.Err() != nil || !u.complete) {
		u.client.link.tell("upload.close", Args{"upload": u.handle, "abort": true})
	}
	return reply, err
}

func (u *uploading) open(ctx context.Context, param string, args Args) error {
	about := Args{"param": param, "name": u.source.Name}
	if u.source.Type != "" {
		about["type"] = u.source.Type
	}
	if u.source.length >= 0 {
		about["length"] = u.source.length
	}
	given := Args{"op": u.op, "args": args, "file": about}
	if until, bounded := ctx.Deadline(); bounded {
		given["total_ms"] = millis(time.Until(until))
	}
	for name, value := range u.options.stream {
		given[name] = value
	}
	reply, err := u.client.do(ctx, "upload.open", given, u.options)
	if err != nil {
		return err
	}
	u.handle = raw(reply.value()["upload"])
	if u.window = number(reply.value()["window"]); u.window <= 0 {
		u.window = windowUntold
	}
	return nil
}

func (u *uploading) writeAndClose(ctx context.Context) (*Reply, error) {
	defer u.drop()
	if err := u.write(ctx); err != nil {
		return nil, err
	}
	u.complete = true
	o := u.options
	o.id = nil
	call, err := u.client.make("upload.close", Args{"upload": u.handle}, o)
	if err != nil {
		return nil, err
	}
	if _, bounded := ctx.Deadline(); !bounded {
		// Without a deadline it is the server's pace that is waited for, which the service bounds.
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, deadlineMax)
		defer cancel()
	}
	return u.client.link.run(ctx, call)
}

// write sends all pieces, several at once.
func (u *uploading) write(ctx context.Context) error {
	size := u.window / 2
	if size > pieceSize {
		size = pieceSize
	}
	buffer := make([]byte, size)
	for {
		room := u.accepted + u.window - u.offset
		count, ended := 0, false
		if room >= size && len(u.flying) < writesAtOnce && !u.broken {
			var err error
			if count, err = io.ReadFull(u.source.rest, buffer); err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
				return readFailed(u.source.File, err)
			}
			ended = count == 0
		}
		if count > 0 {
			if err := u.send(ctx, buffer[:count]); err != nil {
				return err
			}
			continue
		}
		if len(u.flying) == 0 {
			if ended {
				return nil
			}
			if u.accepted != u.offset {
				return fail(Protocol, "upload", "", "%s: the service took %d of %d bytes", u.op, u.accepted, u.offset)
			}
			u.broken = false
			continue
		}
		if over, err := u.settle(ctx); over || err != nil {
			return err
		}
	}
}

func (u *uploading) send(ctx context.Context, data []byte) error {
	call, err := newCall("upload.write", Args{"upload": u.handle, "offset": u.offset, "bytes": data}, callOptions{}, nil, "")
	if err != nil {
		return err
	}
	u.offset += int64(len(data))
	f, err := u.client.link.begin(ctx, call)
	if err != nil {
		return err
	}
	if len(u.flying) > 0 && u.flying[0].conn != f.conn {
		u.broken = true
	}
	u.flying = append(u.flying, f)
	return nil
}

// settle waits for the answer of the oldest write. over: nothing more is wanted; upload.close tells why.
func (u *uploading) settle(ctx context.Context) (over bool, err error) {
	f := u.flying[0]
	u.flying = u.flying[1:]
	before := f.conn
	reply, err := u.client.link.finish(ctx, f)
	if u.broken && codeOf(err) == "offset" {
		reply, err = u.writeAnew(ctx, f.call) // it overtook those that were lost with the connection
	}
	if err != nil {
		return false, err
	}
	u.broken = u.broken || f.conn != before
	u.accepted = number(reply.value()["offset"])
	return truth(reply.value()["ended"]), nil
}

// writeAnew repeats a write under another id: the answer to the first is remembered.
func (u *uploading) writeAnew(ctx context.Context, old *call) (*Reply, error) {
	again, err := newCall(old.op, nil, callOptions{}, nil, "")
	if err != nil {
		return nil, err
	}
	again.args = old.args
	return u.client.link.run(ctx, again)
}

// drop leaves the writes that nobody waits for any more.
func (u *uploading) drop() {
	for _, f := range u.flying {
		f.conn.forget(f.rid)
	}
}

// meaning says what the loss of the service means: as long as not all was sent, nothing was created.
func (u *uploading) meaning(err error) error {
	if err == nil || (codeOf(err) != "no_such_upload" && !errors.Is(err, Unreachable)) {
		return err
	}
	if u.complete {
		return fail(UnknownOutcome, "service_lost", "look before doing it again",
			"%s: the difypool service was lost after the whole of %s had been sent", u.op, u.source.Name)
	}
	return fail(Unreachable, "service_lost", "",
		"%s: the difypool service was lost while %s was being sent; nothing was created", u.op, u.source.Name)
}

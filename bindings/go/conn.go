package difypool

// One connection to the service. A goroutine writes, another reads, and those who wait for answers do neither: so a
// caller whose context ends can leave at once, and no frame is ever cut. What is queued is bounded by the calls in
// flight, each of which has one frame.

import (
	"bufio"
	"context"
	"encoding/binary"
	"math/rand"
	"net"
	"sync"
	"time"
)

type conn struct {
	socket *net.UnixConn
	epoch  []byte
	dead   chan struct{} // closed when the connection is over
	wake   chan struct{} // there is something to write

	mu      sync.Mutex
	why     error // what ended it
	rid     uint32
	waiting map[uint32]chan<- []byte // by request id
	queue   net.Buffers
	names   map[*handle]*introduction
}

// introduction is a handle on its way to its name.
type introduction struct {
	done chan struct{}
	name string
	err  error
}

// greet makes a connection of a socket: greeting, and the first call, whose answer teaches the epoch. With a handle that
// call is its introduction, which saves a round trip.
func greet(socket *net.UnixConn, h *handle) (*conn, error) {
	c := &conn{
		socket: socket, dead: make(chan struct{}), wake: make(chan struct{}, 1), rid: rand.Uint32(),
		waiting: map[uint32]chan<- []byte{}, names: map[*handle]*introduction{},
	}
	op, args := "service.ping", []byte(nil)
	if h != nil {
		op = "service.connect"
		var err error
		if args, err = h.packed(); err != nil {
			return nil, err
		}
	}
	hello, err := newCall(op, nil, callOptions{}, nil, "")
	if err != nil {
		return nil, err
	}
	hello.args = args
	hello.rid = topBit | c.rid
	frame, err := hello.frame()
	if err != nil {
		return nil, err
	}
	_ = socket.SetDeadline(time.Now().Add(helloLimit))
	if _, err = socket.Write(append([]byte(greetingOurs), frame...)); err != nil {
		return nil, lostConnection()
	}
	from := bufio.NewReaderSize(socket, heldAtOnce)
	told, err := c.firstAnswer(from, hello)
	if err != nil {
		return nil, err
	}
	_ = socket.SetDeadline(time.Time{})
	c.epoch = told.epoch
	if h != nil {
		c.names[h] = introduced(told)
	}
	go c.read(from)
	go c.write()
	return c, nil
}

func (c *conn) firstAnswer(from *bufio.Reader, hello *call) (outcome, error) {
	err := readGreeting(from)
	for err == nil {
		var payload []byte
		if payload, err = readPayload(from); err == nil && ridOf(payload) == hello.rid {
			told := readReply(payload, hello.id)
			if told.err != nil && told.err.Kind == Protocol {
				return told, told.err
			}
			if len(told.epoch) != 16 {
				return told, fail(Protocol, "reply", "", "the service's reply lacks its epoch")
			}
			return told, nil
		}
	}
	if _, ours := err.(*Error); ours {
		return outcome{}, err
	}
	if failure, ok := err.(net.Error); ok && failure.Timeout() {
		return outcome{}, fail(Unreachable, "silent", "", "the difypool service took the connection and said nothing for %v", helloLimit)
	}
	return outcome{}, lostConnection()
}

func introduced(told outcome) *introduction {
	i := &introduction{done: make(chan struct{})}
	close(i.done)
	if told.err != nil {
		i.err = told.err
	} else if i.name = text(told.reply.value()["profile"]); i.name == "" {
		i.err = fail(Protocol, "reply", "", "the service's reply lacks the profile")
	}
	return i
}

func lostConnection() error {
	return fail(Unreachable, "lost", "", "the difypool service closed the connection before it answered")
}

// read hands out answers until the connection is over.
func (c *conn) read(from *bufio.Reader) {
	for {
		payload, err := readPayload(from)
		if err != nil {
			if _, ours := err.(*Error); !ours {
				err = lostConnection()
			}
			c.end(err)
			return
		}
		rid := ridOf(payload)
		c.mu.Lock()
		answer := c.waiting[rid]
		delete(c.waiting, rid)
		c.mu.Unlock()
		if answer != nil {
			answer <- payload // it has room for one, and gets one
		}
	}
}

// write sends what is queued, all of it in one system call.
func (c *conn) write() {
	for {
		select {
		case <-c.wake:
		case <-c.dead:
			return
		}
		c.mu.Lock()
		frames := c.queue
		c.queue = nil
		c.mu.Unlock()
		if _, err := frames.WriteTo(c.socket); err != nil {
			c.end(lostConnection())
			return
		}
	}
}

// end closes the connection; those who wait on it see that.
func (c *conn) end(why error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.why == nil {
		c.why = why
		close(c.dead)
		c.socket.Close()
	}
}

func (c *conn) reason() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.why
}

// send queues a frame and gives the channel of its answer. Frames go out in the order of their sends.
func (c *conn) send(frame []byte) (uint32, <-chan []byte) {
	answer := make(chan []byte, 1)
	c.mu.Lock()
	defer c.mu.Unlock()
	for {
		c.rid++
		if _, taken := c.waiting[c.rid|topBit]; !taken {
			break
		}
	}
	rid := c.rid | topBit
	c.waiting[rid] = answer
	putRID(frame, rid)
	c.queue = append(c.queue, frame)
	select {
	case c.wake <- struct{}{}:
	default:
	}
	return rid, answer
}

// putRID writes the request id into a frame.
func putRID(frame []byte, rid uint32) { binary.BigEndian.PutUint32(frame[9:], rid) }

// forget drops interest in an answer.
func (c *conn) forget(rid uint32) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.waiting, rid)
}

// name gives a handle's name on this connection, introducing it where need be. One introduction serves all who wait.
func (c *conn) name(ctx context.Context, h *handle) (string, error) {
	c.mu.Lock()
	i := c.names[h]
	if i == nil {
		i = &introduction{done: make(chan struct{})}
		c.names[h] = i
		go c.introduce(h, i)
	}
	c.mu.Unlock()
	select {
	case <-i.done:
	case <-ctx.Done():
		return "", ctx.Err()
	case <-c.dead:
		return "", c.reason()
	}
	if i.err != nil {
		c.unname(h, i)
	}
	return i.name, i.err
}

// unname has the handle introduced anew next time.
func (c *conn) unname(h *handle, old *introduction) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.names[h] == old {
		delete(c.names, h)
	}
}

// forgotten: the service does not know the name any more.
func (c *conn) forgotten(h *handle, name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if i := c.names[h]; i != nil && i.name == name {
		delete(c.names, h)
	}
}

func (c *conn) introduce(h *handle, i *introduction) {
	defer close(i.done)
	hello, err := newCall("service.connect", nil, callOptions{}, nil, "")
	if err == nil {
		hello.args, err = h.packed()
	}
	var frame []byte
	if err == nil {
		frame, err = hello.prepare(context.Background(), c.epoch, "")
	}
	if err != nil {
		i.err = err
		return
	}
	rid, answer := c.send(frame)
	limit := time.NewTimer(serviceDeadline)
	defer limit.Stop()
	select {
	case payload := <-answer:
		told := introduced(readReply(payload, hello.id))
		i.name, i.err = told.name, told.err
	case <-c.dead:
		i.err = c.reason()
	case <-limit.C:
		c.forget(rid)
		i.err = hello.ended(context.DeadlineExceeded)
	}
}

package difypool

// The wire: SP framing and the msgpack maps of requests and replies (proto/PROTOCOL.md, sections 1 and 3). SP is spoken
// by hand since it is 8 bytes of greeting and 13 of header. What a reply claims is checked against the bytes that are
// there before anything is reserved for it, by a walk that neither recurses nor allocates.

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"unicode/utf8"

	"github.com/vmihailenco/msgpack/v5"
)

const (
	greetingOurs  = "\x00SP\x00\x00\x30\x00\x00" // REQ
	greetingPeers = "\x00SP\x00\x00\x31\x00\x00" // REP
	topBit        = 1 << 31
	replyMax      = 80 << 20 // bytes of one reply
	heldAtOnce    = 64 << 10 // bytes reserved before any of a payload has come
	depthMax      = 1024     // levels of a reply: recursion of the decoder is bounded by it
)

// packed is the msgpack of a value. Struct members go by their json tags.
func packed(value any) ([]byte, error) {
	var buffer bytes.Buffer
	encoder := msgpack.NewEncoder(&buffer)
	encoder.SetCustomStructTag("json")
	encoder.UseCompactInts(true)
	if err := encoder.Encode(value); err != nil {
		return nil, fail(InvalidRequest, "not_serializable", "arguments are nil, bool, int, float, string, []byte, slices, "+
			"and maps and structs of these", "an argument cannot be sent: %v", err)
	}
	return buffer.Bytes(), nil
}

// request is what a frame is made of; args are packed already.
type request struct {
	rid      uint32
	id       [16]byte
	op       string
	args     []byte
	epoch    []byte
	profile  string
	deadline int64 // ms; 0 = none
	options  callOptions
}

// frame is the bytes of a request.
func (r *request) frame() ([]byte, error) {
	message := map[string]any{}
	r.options.tell(message)
	if r.epoch != nil {
		message["epoch"] = r.epoch
	}
	if r.profile != "" {
		message["profile"] = r.profile
	}
	if r.deadline > 0 {
		message["deadline_ms"] = r.deadline
	}
	var buffer bytes.Buffer
	buffer.Grow(len(r.args) + 192)
	buffer.Write(make([]byte, 13))
	encoder := msgpack.NewEncoder(&buffer)
	encoder.UseCompactInts(true)
	count := len(message) + 3
	if r.args != nil {
		count++
	}
	// Writes to a bytes.Buffer cannot fail, and neither can values of these types.
	_ = encoder.EncodeMapLen(count)
	_ = encoder.EncodeMulti("v", protocolVersion, "id", r.id[:], "op", r.op)
	for key, value := range message {
		_ = encoder.EncodeMulti(key, value)
	}
	if r.args != nil {
		_ = encoder.EncodeString("args")
		buffer.Write(r.args)
	}
	if size := buffer.Len() - 13; size > messageMax {
		return nil, fail(TooLarge, "message_max", "", "the message of %s has %d bytes; message_max is %d", r.op, size, messageMax)
	}
	frame := buffer.Bytes()
	frame[0] = 1
	binary.BigEndian.PutUint64(frame[1:], uint64(len(frame)-9))
	binary.BigEndian.PutUint32(frame[9:], r.rid)
	return frame, nil
}

// readGreeting takes the first 8 bytes.
func readGreeting(from io.Reader) error {
	var greeting [8]byte
	if _, err := io.ReadFull(from, greeting[:]); err != nil {
		return err
	}
	if string(greeting[:]) != greetingPeers {
		return fail(Protocol, "greeting", "", "what answers on the socket is not a difypool service")
	}
	return nil
}

// readPayload takes the next frame. Memory follows what really came, never what a header claims.
func readPayload(from *bufio.Reader) ([]byte, error) {
	var head [9]byte
	if _, err := io.ReadFull(from, head[:]); err != nil {
		return nil, err
	}
	length := binary.BigEndian.Uint64(head[1:])
	if head[0] != 1 || length > replyMax {
		return nil, fail(Protocol, "framing", "", "the service sent a frame of type %d and %d bytes", head[0], length)
	}
	if length <= heldAtOnce {
		payload := make([]byte, length)
		_, err := io.ReadFull(from, payload)
		return payload, err
	}
	var buffer bytes.Buffer
	buffer.Grow(heldAtOnce)
	if _, err := io.CopyN(&buffer, from, int64(length)); err != nil {
		return nil, err
	}
	return buffer.Bytes(), nil
}

// ridOf is the request id of a payload; 0 where it has none, and such a payload is to be dropped.
func ridOf(payload []byte) uint32 {
	if len(payload) < 4 || payload[0]&0x80 == 0 {
		return 0
	}
	return binary.BigEndian.Uint32(payload)
}

// outcome is what a reply tells: exactly one of reply and err is there.
type outcome struct {
	epoch []byte
	reply *Reply
	err   *Error
}

// readReply reads the payload of the reply to the call id.
func readReply(payload []byte, id [16]byte) outcome {
	message, err := unpacked(payload[4:])
	if err != nil {
		return outcome{err: fail(Protocol, "reply", "", "the service's reply cannot be read: %v", err)}
	}
	if answered := message["id"]; answered != nil && !bytes.Equal(raw(answered), id[:]) {
		return outcome{err: fail(Protocol, "reply_id", "", "the service answered another call")}
	}
	told := told(message)
	told.epoch = raw(message["epoch"])
	return told
}

// told is what a map with `ok` or `error` says; a broken one is an error of kind protocol.
func told(message map[string]any) outcome {
	if ok, there := message["ok"].(map[string]any); there {
		return outcome{reply: replyOf(ok)}
	}
	if failure, there := message["error"].(map[string]any); there {
		if e := errorOf(failure); e != nil {
			return outcome{err: e}
		}
	}
	return outcome{err: fail(Protocol, "reply", "", "the service's reply has neither an answer nor an error")}
}

func unpacked(data []byte) (map[string]any, error) {
	if err := sound(data); err != nil {
		return nil, err
	}
	value, err := msgpack.NewDecoder(bytes.NewReader(data)).DecodeInterface()
	if err != nil {
		return nil, err
	}
	message, ok := plain(value).(map[string]any)
	if !ok {
		return nil, errors.New("it is no map")
	}
	return message, nil
}

// plain gives numbers one type for each of their sorts: int64, uint64 above it, float64. (The decoder's own loose mode
// would make texts of bytes.)
func plain(value any) any {
	switch v := value.(type) {
	case map[string]any:
		for name, entry := range v {
			v[name] = plain(entry)
		}
	case []any:
		for i, entry := range v {
			v[i] = plain(entry)
		}
	case int8:
		return int64(v)
	case int16:
		return int64(v)
	case int32:
		return int64(v)
	case uint8:
		return int64(v)
	case uint16:
		return int64(v)
	case uint32:
		return int64(v)
	case uint64:
		if v <= math.MaxInt64 {
			return int64(v)
		}
	case float32:
		return float64(v)
	}
	return value
}

var (
	errCut  = errors.New("it is cut")
	errMore = errors.New("something follows it")
	errDeep = errors.New("it is nested too deeply")
	errExt  = errors.New("it holds a type that the protocol has not")
	errUTF8 = errors.New("a text in it is not UTF-8")
)

// sound checks that data is one whole msgpack value that keeps to the protocol's types.
func sound(data []byte) error {
	var open [depthMax]uint64 // values that are still to come, by level
	level := 0
	open[0] = 1
	for {
		for open[level] == 0 {
			if level == 0 {
				if len(data) > 0 {
					return errMore
				}
				return nil
			}
			level--
		}
		open[level]--
		head, size, isText, err := headOf(data)
		if err != nil {
			return err
		}
		if uint64(len(data)) < uint64(head)+size.bytes {
			return errCut
		}
		if isText && !utf8.Valid(data[head:uint64(head)+size.bytes]) {
			return errUTF8
		}
		data = data[uint64(head)+size.bytes:]
		if size.values > 0 {
			if size.values > uint64(len(data)) {
				return errCut
			}
			if level++; level == depthMax {
				return errDeep
			}
			open[level] = size.values
		}
	}
}

// extent is what follows a value's head: so many bytes, or so many further values.
type extent struct{ bytes, values uint64 }

// headOf reads the head of a value: how long it is, and what follows it.
func headOf(data []byte) (head int, size extent, isText bool, err error) {
	if len(data) == 0 {
		return 0, size, false, errCut
	}
	code := data[0]
	switch {
	case code <= 0x7f || code >= 0xe0 || code == 0xc0 || code == 0xc2 || code == 0xc3:
		return 1, size, false, nil
	case code <= 0x8f:
		return 1, extent{values: 2 * uint64(code&0xf)}, false, nil
	case code <= 0x9f:
		return 1, extent{values: uint64(code & 0xf)}, false, nil
	case code <= 0xbf:
		return 1, extent{bytes: uint64(code & 0x1f)}, true, nil
	}
	shape, known := shapes[code]
	if !known {
		return 0, size, false, errExt
	}
	if len(data) < 1+shape.length {
		return 0, size, false, errCut
	}
	size.bytes = shape.bytes
	if shape.length > 0 {
		var count uint64
		for _, b := range data[1 : 1+shape.length] {
			count = count<<8 | uint64(b)
		}
		if shape.values > 0 {
			size.values = count * shape.values
		} else {
			size.bytes = count
		}
	}
	return 1 + shape.length, size, shape.isText, nil
}

// shapes of values whose head is more than one byte, or that are of fixed size: bytes of the length, bytes that always
// follow, values for each of the length's.
var shapes = map[byte]struct {
	length int
	bytes  uint64
	values uint64
	isText bool
}{
	0xc4: {length: 1}, 0xc5: {length: 2}, 0xc6: {length: 4},
	0xca: {bytes: 4}, 0xcb: {bytes: 8},
	0xcc: {bytes: 1}, 0xcd: {bytes: 2}, 0xce: {bytes: 4}, 0xcf: {bytes: 8},
	0xd0: {bytes: 1}, 0xd1: {bytes: 2}, 0xd2: {bytes: 4}, 0xd3: {bytes: 8},
	0xd9: {length: 1, isText: true}, 0xda: {length: 2, isText: true}, 0xdb: {length: 4, isText: true},
	0xdc: {length: 2, values: 1}, 0xdd: {length: 4, values: 1},
	0xde: {length: 2, values: 2}, 0xdf: {length: 4, values: 2},
}

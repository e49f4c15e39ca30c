package difypool

import (
	"encoding/json"
	"fmt"
)

// Reply is the answer to a call that succeeded.
type Reply struct {
	Status  int               // HTTP status
	Type    string            // Content-Type, "" if none
	Headers map[string]string // those of the server's answer that matter, names in lower case
	Body    []byte            // the server's bytes as they came; nil where the answer is a value
	Value   any               // the answer as a value: of the service itself, and where WithDecode asked for it
	Meta    Meta
}

// JSON unmarshals the answer. It works on an answer that is a value already, too.
func (r *Reply) JSON(into any) error {
	body := r.Body
	if body == nil {
		encoded, err := json.Marshal(r.Value)
		if err != nil {
			return fmt.Errorf("difypool: the answer to %s is no JSON: %w", r.Meta.Op(), err)
		}
		body = encoded
	}
	if err := json.Unmarshal(body, into); err != nil {
		return fmt.Errorf("difypool: the answer to %s: %w", r.Meta.Op(), err)
	}
	return nil
}

// value is the answer of one of the service's own operations.
func (r *Reply) value() map[string]any {
	value, _ := r.Value.(map[string]any)
	return value
}

// Meta says how a call went; keys whose value is 0, false or "" are absent. The protocol's description lists them.
type Meta map[string]any

// Op is the operation that the call was carried as.
func (m Meta) Op() string { return text(m["op"]) }

// Attempts is how often it was sent to the server.
func (m Meta) Attempts() int { return int(number(m["attempts"])) }

// Int gives a number of it, such as "total_us"; 0 where it is absent.
func (m Meta) Int(key string) int64 { return number(m[key]) }

// Bool gives a flag of it, such as "reused"; false where it is absent.
func (m Meta) Bool(key string) bool { return truth(m[key]) }

// Note tells what was done differently from what was asked, and why.
func (m Meta) Note() string { return text(m["note"]) }

func replyOf(told map[string]any) *Reply {
	reply := &Reply{
		Status: int(number(told["status"])), Type: text(told["type"]), Headers: words(told["headers"]),
		Meta: metaOf(told["meta"]),
	}
	if reply.Status == 0 {
		reply.Status = 200
	}
	reply.Body, reply.Value = bodyOf(told["body"])
	return reply
}

func bodyOf(body any) ([]byte, any) {
	if raw, ok := body.([]byte); ok {
		return raw, nil
	}
	return nil, body
}

func metaOf(told any) Meta {
	meta, _ := told.(map[string]any)
	return meta
}

func text(value any) string {
	s, _ := value.(string)
	return s
}

func truth(value any) bool {
	b, _ := value.(bool)
	return b
}

// number takes what the decoder makes of msgpack's numbers, and of JSON's.
func number(value any) int64 {
	switch n := value.(type) {
	case int64:
		return n
	case uint64:
		return int64(n)
	case float64:
		return int64(n)
	}
	return 0
}

func raw(value any) []byte {
	b, _ := value.([]byte)
	return b
}

func words(value any) map[string]string {
	told, _ := value.(map[string]any)
	if len(told) == 0 {
		return nil
	}
	out := make(map[string]string, len(told))
	for name, entry := range told {
		out[name] = text(entry)
	}
	return out
}

package difypool

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"reflect"
	"runtime"
	"strings"
	"testing"
)

// The project's vectors: bytes with their meaning (proto/vectors/README.md).

type vector struct {
	Name      string
	Hex       string
	Greeting  string
	Meaning   any
	RequestID uint32 `json:"request_id"`
	Expect    struct {
		OK, Error map[string]any
		Class     string
		Reply     bool
		Close     bool
		Accept    bool
	}
	Fill *struct {
		Hex   string
		Times int
	}
	Tail string
}

func (v *vector) bytes(t *testing.T) []byte {
	data := unhex(t, v.Hex)
	if v.Fill != nil {
		data = append(data, bytes.Repeat(unhex(t, v.Fill.Hex), v.Fill.Times)...)
	}
	return append(data, unhex(t, v.Tail)...)
}

func vectors(t *testing.T, name string) []vector {
	t.Helper()
	file, err := os.Open("../../proto/vectors/" + name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var rows []vector
	lines := bufio.NewReader(file)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) == 0 && err != nil {
			break
		}
		var row vector
		// expect.error of requests is no map, and not read here.
		if err := json.Unmarshal(line, &row); err != nil && row.Name == "" {
			t.Fatal(err)
		}
		rows = append(rows, row)
	}
	if len(rows) < 10 {
		t.Fatalf("%s has %d rows", name, len(rows))
	}
	return rows
}

// meant turns the vectors' form of a value into the one that the client gives.
func meant(value any) any {
	switch v := value.(type) {
	case map[string]any:
		if bin, ok := v["$bin"].(string); ok {
			return must(hex.DecodeString(bin))
		}
		out := map[string]any{}
		for name, entry := range v {
			out[name] = meant(entry)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, entry := range v {
			out[i] = meant(entry)
		}
		return out
	case float64:
		if v >= 1<<63 && v < 1<<64 {
			return uint64(v)
		}
		if v == float64(int64(v)) {
			return int64(v)
		}
	}
	return value
}

var vectorID = func() (id [16]byte) {
	copy(id[:], must(hex.DecodeString("101112131415161718191a1b1c1d1e1f")))
	return id
}()

func TestRepliesOfTheVectors(t *testing.T) {
	for _, row := range vectors(t, "replies.jsonl") {
		row := row
		t.Run(row.Name, func(t *testing.T) {
			told := readReply(append([]byte{0x80, 0, 0, 1}, row.bytes(t)...), vectorID)
			switch {
			case row.Expect.OK != nil:
				checkReply(t, told, meant(row.Expect.OK).(map[string]any))
			case row.Expect.Error != nil:
				checkError(t, told, meant(row.Expect.Error).(map[string]any), row.Expect.Class)
			default:
				if told.err == nil || told.err.Kind != Kind(row.Expect.Class) {
					t.Errorf("it gave %+v", told)
				}
			}
		})
	}
}

func checkReply(t *testing.T, told outcome, want map[string]any) {
	t.Helper()
	if told.reply == nil {
		t.Fatalf("it gave the error %v", told.err)
	}
	r := told.reply
	body := r.Value
	if r.Body != nil {
		body = r.Body
	}
	if status := number(want["status"]); status != 0 && int(status) != r.Status {
		t.Errorf("status %d", r.Status)
	}
	if r.Type != text(want["type"]) || !reflect.DeepEqual(r.Headers, words(want["headers"])) {
		t.Errorf("type %q, headers %v", r.Type, r.Headers)
	}
	if wanted, there := want["body"]; there && !reflect.DeepEqual(body, wanted) {
		t.Errorf("body %#v, not %#v", body, wanted)
	}
	for name, value := range metaOf(want["meta"]) {
		if !reflect.DeepEqual(r.Meta[name], value) {
			t.Errorf("meta %s is %#v, not %#v", name, r.Meta[name], value)
		}
	}
}

func checkError(t *testing.T, told outcome, want map[string]any, class string) {
	t.Helper()
	e := told.err
	if e == nil {
		t.Fatalf("it gave the reply %+v", told.reply)
	}
	if !errors.Is(e, Kind(class)) || e.Kind != Kind(text(want["kind"])) {
		t.Errorf("kind %s, of class %s: %v", e.Kind, class, errors.Is(e, Kind(class)))
	}
	if e.Code != text(want["code"]) || e.Message != text(want["message"]) || e.Hint != text(want["hint"]) ||
		e.Retryable != truth(want["retryable"]) || e.Status != int(number(want["status"])) ||
		e.Pending != truth(want["pending"]) || e.RetryAfter.Milliseconds() != number(want["retry_after_ms"]) {
		t.Errorf("it gave %+v, not %v", e, want)
	}
	if body := raw(want["body"]); !bytes.Equal(e.Body, body) {
		t.Errorf("body %q, not %q", e.Body, body)
	}
}

// Whatever the requests that a service must accept hold, this client can say, and its frames can be read back.
func TestRequestsOfTheVectorsCanBeSaid(t *testing.T) {
	said := 0
	for _, row := range vectors(t, "requests.jsonl") {
		message, ok := meant(row.Meaning).(map[string]any)
		if !ok || !row.Expect.Accept || message["args"] == nil || row.Fill != nil {
			continue
		}
		c, err := newCall(text(message["op"]), message["args"], callOptions{}, nil, text(message["profile"]))
		if err != nil {
			t.Fatalf("%s: %v", row.Name, err)
		}
		copy(c.id[:], raw(message["id"]))
		c.rid = 1 | topBit
		frame, err := c.frame()
		if err != nil {
			t.Fatalf("%s: %v", row.Name, err)
		}
		payload, err := readPayload(bufio.NewReader(bytes.NewReader(frame)))
		if err != nil || ridOf(payload) != c.rid {
			t.Fatalf("%s: %v, id %x", row.Name, err, ridOf(payload))
		}
		back, err := unpacked(payload[4:])
		if err != nil || !reflect.DeepEqual(back["args"], message["args"]) || !reflect.DeepEqual(back["id"], message["id"]) {
			t.Errorf("%s: read back as %v (%v)", row.Name, back, err)
		}
		said++
	}
	if said < 3 {
		t.Errorf("only %d requests were tried", said)
	}
}

func TestServiceStreamsOfTheVectors(t *testing.T) {
	for _, row := range vectors(t, "service_streams.jsonl") {
		row := row
		t.Run(row.Name, func(t *testing.T) {
			before := allocated()
			stream := append(unhex(t, row.Greeting), row.bytes(t)...)
			from := bufio.NewReader(bytes.NewReader(stream))
			err := readGreeting(from)
			answered := false
			for err == nil && !answered {
				var payload []byte
				if payload, err = readPayload(from); err == nil && ridOf(payload) == row.RequestID {
					told := readReply(payload, vectorID)
					answered = told.reply != nil && string(told.reply.Body) == `{"data": []}`
				}
			}
			if answered != row.Expect.Reply {
				t.Errorf("answered: %v (%v)", answered, err)
			}
			if row.Expect.Close && !strings.HasPrefix(row.Name, "claims_4g") && !errors.Is(err, Protocol) {
				t.Errorf("the connection is not closed as it should: %v", err)
			}
			if grown := allocated() - before; grown > 4<<20 {
				t.Errorf("%d bytes were reserved", grown)
			}
		})
	}
}

func allocated() uint64 {
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.TotalAlloc
}

// A reply of deeply nested lists must neither end the process nor cost more than its bytes.
func TestADeeplyNestedReplyIsRefused(t *testing.T) {
	payload := append([]byte{0x80, 0, 0, 1, 0x81, 0xa2, 'o', 'k'}, bytes.Repeat([]byte{0x91}, 30<<20)...)
	if told := readReply(payload, vectorID); told.err == nil || told.err.Kind != Protocol {
		t.Errorf("it gave %+v", told)
	}
}

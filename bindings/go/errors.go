package difypool

import (
	"encoding/json"
	"fmt"
	"time"
)

// Kind is a kind of failure, such as NotFound. It is an error itself, so that errors.Is(err, NotFound) tells whether err
// is of that kind.
type Kind string

// Error makes a kind something that errors.Is takes.
func (k Kind) Error() string { return "difypool: " + string(k) }

// Error is a call that did not succeed. It holds no secrets.
type Error struct {
	Kind       Kind              // one of the kinds of the protocol; of one that this version does not know, its own name
	Code       string            // machine-readable detail, Dify's own or difypool's; may be empty
	Message    string            // what happened and where, for people
	Hint       string            // what to do about it, for people; may be empty
	Status     int               // HTTP status of the answer behind it; 0 where there was none
	Retryable  bool              // the same call may succeed later without any change
	RetryAfter time.Duration     // until the earliest useful repeat; 0 where nobody said
	Body       []byte            // the server's error answer; empty where there was none
	Value      any               // that answer as a value, where WithDecode asked for it
	Type       string            // Content-Type of Body
	Headers    map[string]string // those of the server's answer that matter, names in lower case
	Pending    bool              // a write that still runs; the same call with the same id would get its outcome
	Meta       Meta              // how the call went
	Run        map[string]string // of a run: the ids by which to look for it, those that are known
	Summary    *Summary          // of a push: what became of its pages until then
	cause      error
}

// Error is the message, with the hint where there is one.
func (e *Error) Error() string {
	text := e.Message
	if text == "" {
		text = string(e.Kind)
	}
	if e.Hint != "" {
		text += " (" + e.Hint + ")"
	}
	return "difypool: " + text
}

// Is tells whether target is the kind of this error. A kind that this version does not know counts as Internal, too.
func (e *Error) Is(target error) bool {
	kind, ok := target.(Kind)
	if !ok {
		return false
	}
	if kind == e.Kind {
		return true
	}
	_, known := kinds[e.Kind]
	return kind == Internal && !known
}

// Unwrap gives the context's error where that ended the call.
func (e *Error) Unwrap() error { return e.cause }

// JSON unmarshals the server's error answer.
func (e *Error) JSON(into any) error {
	return json.Unmarshal(e.Body, into)
}

func fail(kind Kind, code, hint, format string, values ...any) *Error {
	return &Error{Kind: kind, Code: code, Hint: hint, Message: fmt.Sprintf(format, values...), Retryable: kinds[kind]}
}

// errorOf makes an Error of the `error` map of a reply; nil where it has no kind.
func errorOf(told map[string]any) *Error {
	kind, ok := told["kind"].(string)
	if !ok {
		return nil
	}
	e := &Error{
		Kind: Kind(kind), Code: text(told["code"]), Message: text(told["message"]), Hint: text(told["hint"]),
		Status: int(number(told["status"])), Retryable: truth(told["retryable"]),
		RetryAfter: time.Duration(number(told["retry_after_ms"])) * time.Millisecond,
		Type:       text(told["type"]), Headers: words(told["headers"]), Pending: truth(told["pending"]),
		Meta: metaOf(told["meta"]), Run: words(told["run"]),
	}
	e.Body, e.Value = bodyOf(told["body"])
	return e
}

package difypool

// An http.RoundTripper whose requests go through the service, so that a program that speaks HTTP to Dify shares the pool
// and its policies with nothing changed but its http.Client.

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
)

const (
	addressesMax = 256      // that one Transport serves
	bodyMax      = 60 << 20 // bytes of a request's body, which goes in one message
)

// Transport carries requests of any http.Client to Dify servers through the service:
//
//	client := &http.Client{Transport: &difypool.Transport{}}
//
// The address is that of the request's URL up to /v1, the key that of its Authorization header. Answers of every status
// come back as they are. An answer of events that the request asked for by "response_mode": "streaming" flows out as
// it comes. An error that is no answer of the server is an *Error (inside http.Client's *url.Error).
type Transport struct {
	Options Options // for every address; BaseURL, APIKey and Profile are not used

	mu      sync.Mutex
	link    *link
	crew    *crew
	handles map[string]*handle
}

// CloseIdleConnections ends the connection to the service; a later request opens another. Requests that are under way
// end as cancelled.
func (t *Transport) CloseIdleConnections() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.link != nil {
		t.crew.close()
		t.link.close()
	}
	t.link, t.crew, t.handles = nil, nil, nil
}

// RoundTrip carries one request.
func (t *Transport) RoundTrip(request *http.Request) (*http.Response, error) {
	defer closeBody(request)
	base, path, key, err := addressOf(request)
	if err != nil {
		return nil, err
	}
	body, err := bodyOfRequest(request)
	if err != nil {
		return nil, err
	}
	client, err := t.client(base, key)
	if err != nil {
		return nil, err
	}
	if op, args := streamed(request.Method, path, body); op != "" {
		return eventsOf(client, request, op, args)
	}
	args := Args{"method": request.Method, "path": path, "headers": headersOf(request)}
	if request.URL.RawQuery != "" {
		args["query"] = request.URL.RawQuery
	}
	if len(body) > 0 {
		args["body"] = body
	}
	reply, err := client.Call(request.Context(), "http.request", args)
	if err == nil {
		return response(request, reply.Status, reply.Headers, reply.Type, io.NopCloser(bytes.NewReader(reply.Body)), int64(len(reply.Body))), nil
	}
	return answered(request, err)
}

func closeBody(request *http.Request) {
	if request.Body != nil {
		request.Body.Close()
	}
}

// answered: an error with an answer of the server's in it is that answer.
func answered(request *http.Request, err error) (*http.Response, error) {
	var e *Error
	if !errors.As(err, &e) || e.Status == 0 || e.Kind == UnknownOutcome {
		return nil, err
	}
	return response(request, e.Status, e.Headers, e.Type, io.NopCloser(bytes.NewReader(e.Body)), int64(len(e.Body))), nil
}

func addressOf(request *http.Request) (base, path, key string, err error) {
	whole := request.URL.EscapedPath()
	cut := strings.LastIndex(whole, "/v1/")
	if cut < 0 || (request.URL.Scheme != "http" && request.URL.Scheme != "https") {
		return "", "", "", fail(InvalidRequest, "path", "give this Transport to clients of the Dify server alone",
			"difypool carries what is under /v1 of an http or https address, not %s", request.URL.Redacted())
	}
	if given := request.Header.Get("Authorization"); given != "" {
		scheme, rest, _ := strings.Cut(given, " ")
		if key = strings.TrimSpace(rest); !strings.EqualFold(scheme, "Bearer") || key == "" {
			return "", "", "", fail(InvalidRequest, "authorization", "", "difypool carries bearer keys alone in Authorization")
		}
	}
	return request.URL.Scheme + "://" + request.URL.Host + whole[:cut] + "/v1", whole[cut:], key, nil
}

func bodyOfRequest(request *http.Request) ([]byte, error) {
	if request.Body == nil {
		return nil, nil
	}
	body, err := io.ReadAll(io.LimitReader(request.Body, bodyMax+1))
	if err != nil {
		return nil, err
	}
	if len(body) > bodyMax {
		return nil, fail(TooLarge, "body", "send the file by the typed methods, which let it flow", "the request's body is over %d bytes", bodyMax)
	}
	return body, nil
}

// client gives a client of that address; all share one connection.
func (t *Transport) client(base, key string) (*Client, error) {
	options := t.Options
	options.BaseURL, options.APIKey, options.Profile = base, key, ""
	client, err := New(options)
	if err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.link == nil {
		t.link, t.crew, t.handles = client.link, client.crew, map[string]*handle{}
	}
	known := t.handles[base+"\n"+key]
	if known == nil {
		if len(t.handles) == addressesMax {
			return nil, fail(Busy, "addresses", "use one Transport for fewer keys", "a Transport serves %d addresses with their keys", addressesMax)
		}
		known = client.handle
		t.handles[base+"\n"+key] = known
	}
	client.link, client.crew, client.handle = t.link, t.crew, known
	return client, nil
}

// notSent: headers that belong to a connection, or that the service makes itself.
var notSent = map[string]bool{
	"Authorization": true, "Connection": true, "Keep-Alive": true, "Proxy-Authorization": true, "Te": true,
	"Trailer": true, "Transfer-Encoding": true, "Upgrade": true, "Content-Length": true, "Host": true,
	"Accept-Encoding": true,
}

func headersOf(request *http.Request) map[string]string {
	headers := map[string]string{}
	for name, values := range request.Header {
		if !notSent[http.CanonicalHeaderKey(name)] {
			headers[name] = strings.Join(values, ", ")
		}
	}
	return headers
}

func response(request *http.Request, status int, headers map[string]string, mediaType string, body io.ReadCloser, length int64) *http.Response {
	header := http.Header{}
	for name, value := range headers {
		header.Set(name, value)
	}
	if mediaType != "" && header.Get("Content-Type") == "" {
		header.Set("Content-Type", mediaType)
	}
	return &http.Response{
		Status: fmt.Sprintf("%d %s", status, http.StatusText(status)), StatusCode: status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: header, Body: body, ContentLength: length, Request: request,
	}
}

// streamed tells which operation of events a request asks for, with its arguments; "" = none.
func streamed(method, path string, body []byte) (string, Args) {
	for _, route := range eventRoutes {
		ids, ok := route.match(method, path)
		if !ok {
			continue
		}
		args := Args{}
		if json.Unmarshal(body, &args) != nil || args["response_mode"] != "streaming" {
			return "", nil
		}
		delete(args, "response_mode")
		for name, id := range ids {
			args[name] = id
		}
		return route.op, args
	}
	return "", nil
}

// eventRoute is where an operation of events stands; a part in braces is a parameter.
type eventRoute struct{ op, method, path string }

func (r *eventRoute) match(method, path string) (map[string]string, bool) {
	given := strings.Split(strings.TrimPrefix(path, "/v1"), "/")
	parts := strings.Split(r.path, "/")
	if method != r.method || len(given) != len(parts) {
		return nil, false
	}
	ids := map[string]string{}
	for i, part := range parts {
		if strings.HasPrefix(part, "{") && given[i] != "" && !strings.Contains(given[i], "%") {
			ids[strings.Trim(part, "{}")] = given[i]
		} else if part != given[i] {
			return nil, false
		}
	}
	return ids, true
}

func eventsOf(client *Client, request *http.Request, op string, args Args) (*http.Response, error) {
	ctx, cancel := context.WithCancel(request.Context())
	stream, err := client.Stream(ctx, op, args, WithoutValidation())
	if err != nil {
		cancel()
		return answered(request, err)
	}
	body := &eventBody{stream: stream, cancel: cancel}
	return response(request, stream.Status, stream.Headers, "text/event-stream", body, -1), nil
}

// eventBody writes events as the server does.
type eventBody struct {
	stream *Stream
	cancel context.CancelFunc
	rest   []byte
}

func (b *eventBody) Read(into []byte) (int, error) {
	if len(b.rest) == 0 {
		if !b.stream.Next() {
			if err := b.stream.Err(); err != nil {
				return 0, err
			}
			return 0, io.EOF
		}
		b.rest = lines(b.stream.Event())
	}
	count := copy(into, b.rest)
	b.rest = b.rest[count:]
	return count, nil
}

func lines(event Event) []byte {
	var text bytes.Buffer
	if event.ID != "" {
		fmt.Fprintf(&text, "id: %s\n", event.ID)
	}
	for _, line := range bytes.Split(event.Data, []byte("\n")) {
		text.WriteString("data: ")
		text.Write(line)
		text.WriteByte('\n')
	}
	text.WriteByte('\n')
	return text.Bytes()
}

func (b *eventBody) Close() error {
	err := b.stream.Close()
	b.cancel()
	return err
}

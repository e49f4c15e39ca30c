package difypool

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
)

// Uploads and pushes with a service that misbehaves.

// store is a service that takes one upload.
type store struct {
	mu     sync.Mutex
	got    []byte
	hook   func(q *asked, write int) bool // true: it has dealt with the write itself
	writes int
}

func (s *store) answer(q *asked) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch q.op() {
	case "upload.open":
		s.got = nil
		q.ok(map[string]any{"upload": bytes.Repeat([]byte{9}, 16), "window": windowUntold})
	case "upload.write":
		s.writes++
		if s.hook != nil && s.hook(q, s.writes) {
			return
		}
		s.take(q)
	case "upload.close":
		q.ok(map[string]any{"aborted": q.arg("abort")})
	}
}

func (s *store) take(q *asked) {
	offset, data := int(number(plain(q.arg("offset")))), raw(q.arg("bytes"))
	switch {
	case offset > len(s.got):
		q.fail(InvalidRequest, "offset")
		return
	case offset+len(data) > len(s.got):
		s.got = append(s.got, data[len(s.got)-offset:]...)
	}
	q.ok(map[string]any{"offset": len(s.got), "ended": false})
}

func large() []byte { return bytes.Repeat([]byte("0123456789abcdef"), 3<<20/16+5) }

func sendFile(t *testing.T, s *store, content io.Reader) (*fake, error) {
	t.Helper()
	f := newFake(t, s.answer)
	client := newClient(t, Options{Socket: f.path})
	_, err := client.Files.Upload(testContext(t), FilesUploadParams{User: Ptr("u"), File: &File{Name: "x.bin", Content: content}})
	return f, err
}

func TestAnUploadGoesInPiecesSeveralAtOnce(t *testing.T) {
	s := &store{}
	f, err := sendFile(t, s, onlyReader{bytes.NewReader(large())})
	if err != nil || !bytes.Equal(s.got, large()) {
		t.Fatalf("%d bytes of %d came, error %v", len(s.got), len(large()), err)
	}
	if f.requests("upload.open")[0].arg("file").(map[string]any)["length"] != nil {
		t.Error("a length was told that nobody knew")
	}
}

func TestAnUploadOutlivesItsConnection(t *testing.T) {
	s := &store{}
	s.hook = func(q *asked, write int) bool {
		if write == 3 {
			q.fake.drop(false)
		}
		return write == 3
	}
	_, err := sendFile(t, s, bytes.NewReader(large()))
	if err != nil || !bytes.Equal(s.got, large()) {
		t.Fatalf("%d bytes of %d came, error %v", len(s.got), len(large()), err)
	}
}

func TestAnUploadWhoseServiceIsGoneBeginsAnewIfItsFileCan(t *testing.T) {
	for _, again := range []bool{true, false} {
		s := &store{}
		s.hook = func(q *asked, write int) bool {
			if write == 4 {
				q.fail(NotFound, "no_such_upload")
			}
			return write == 4
		}
		var content io.Reader = bytes.NewReader(large())
		if !again {
			content = onlyReader{content}
		}
		f, err := sendFile(t, s, content)
		opened := len(f.requests("upload.open"))
		if again && (err != nil || opened != 2 || !bytes.Equal(s.got, large())) {
			t.Errorf("a file that can be read again: %d of %d bytes, %d times opened, error %v", len(s.got), len(large()), opened, err)
		}
		if !again && (!errors.Is(err, Unreachable) || opened != 1) {
			t.Errorf("one that cannot: %d times opened, error %v", opened, err)
		}
	}
}

// broken reads a little and fails.
type broken struct{ left int }

func (b *broken) Read(into []byte) (int, error) {
	if b.left == 0 {
		return 0, io.ErrClosedPipe
	}
	if len(into) > b.left {
		into = into[:b.left]
	}
	b.left -= len(into)
	return len(into), nil
}

func TestAFileThatCannotBeReadIsNotFinished(t *testing.T) {
	f, err := sendFile(t, &store{}, &broken{1 << 20})
	if !errors.Is(err, InvalidRequest) || !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("it gave %v", err)
	}
	eventually(t, "the upload is given up", func() bool { return len(f.requests("upload.close")) == 1 })
	if !truth(f.requests("upload.close")[0].arg("abort")) {
		t.Error("it was closed as if it were whole")
	}
}

func TestAPushGoesOnAtWhatWasTaken(t *testing.T) {
	handle := bytes.Repeat([]byte{5}, 16)
	var mu sync.Mutex
	taken, finished := 0, make(chan struct{})
	f := newFake(t, func(q *asked) {
		mu.Lock()
		defer mu.Unlock()
		switch q.op() {
		case "push.open":
			q.ok(map[string]any{"push": handle, "window": 4})
		case "push.add":
			if at := int(number(plain(q.arg("at")))); at != taken {
				t.Errorf("pages were given at %d, not at %d", at, taken)
			}
			pages, _ := q.arg("pages").([]any)
			if len(pages) > 3 {
				pages = pages[:3]
			}
			taken += len(pages)
			q.ok(map[string]any{"taken": taken, "ended": false})
		case "push.finish":
			q.ok(map[string]any{})
			close(finished)
		case "stream.next":
			go func() {
				<-finished
				q.ok(map[string]any{"streams": []any{map[string]any{
					"stream": handle, "first": 1, "events": []any{`{"event":"page","index":0,"outcome":"failed","error":{"code":"x","message":"y"}}`},
					"end": map[string]any{"ok": map[string]any{"status": 200, "type": "application/json", "body": []byte(`{"dataset_id":"d"}`)}},
				}}})
			}()
		}
	})
	client := newClient(t, Options{Socket: f.path})
	summary, err := client.Pages.Push(testContext(t), PagesPushParams{DatasetID: Ptr("d")}, make([]Page, 10))
	if err != nil || taken != 10 || summary.DatasetID != "d" || len(summary.Results) != 1 || summary.Results[0].Err == nil {
		t.Errorf("%d pages were taken, summary %+v, error %v", taken, summary, err)
	}
}

func TestATransportRefusesWhatItCannotCarry(t *testing.T) {
	f := newFake(t, nil)
	transport := &Transport{Options: Options{Socket: f.path}}
	defer transport.CloseIdleConnections()
	for url, authorization := range map[string]string{
		"https://dify.invalid/login": "", "ftp://dify.invalid/v1/datasets": "", "https://dify.invalid/v1/datasets": "Basic eDp5",
	} {
		request := must(http.NewRequestWithContext(testContext(t), "GET", url, nil))
		request.Header.Set("Authorization", authorization)
		if _, err := transport.RoundTrip(request); !errors.Is(err, InvalidRequest) || strings.Contains(err.Error(), "eDp5") {
			t.Errorf("%s with %q: %v", url, authorization, err)
		}
	}
	if count := len(f.all()); count != 0 {
		t.Errorf("%d requests were sent", count)
	}
}

func TestATransportGivesEachKeyItsOwnAddress(t *testing.T) {
	f := newFake(t, nil)
	transport := &Transport{Options: Options{Socket: f.path}}
	defer transport.CloseIdleConnections()
	for _, key := range []string{"a", "b", "a"} {
		request := must(http.NewRequestWithContext(testContext(t), "GET", "https://dify.invalid/deep/v1/datasets?limit=1", nil))
		request.Header.Set("Authorization", "Bearer "+key)
		request.Header.Set("X-Other", "kept")
		if answer, err := transport.RoundTrip(request); err != nil || answer.StatusCode != 200 {
			t.Fatal(err)
		}
	}
	connects := f.requests("service.connect")
	if len(connects) != 2 || text(connects[0].arg("base_url")) != "https://dify.invalid/deep/v1" || text(connects[1].arg("api_key")) != "b" {
		t.Errorf("%d addresses were made", len(connects))
	}
	sent := f.requests("http.request")[0]
	headers := words(sent.arg("headers"))
	if text(sent.arg("path")) != "/v1/datasets" || text(sent.arg("query")) != "limit=1" || headers["Authorization"] != "" || headers["X-Other"] != "kept" {
		t.Errorf("it sent %v", sent.message["args"])
	}
	if f.connections() != 1 {
		t.Errorf("there were %d connections", f.connections())
	}
}

package difypool

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

// A service that misbehaves.

func ask(t *testing.T, client *Client, op string, args any) (*Reply, error) {
	t.Helper()
	return client.Call(testContext(t), op, args)
}

func TestTheEpochIsLearntBeforeANewID(t *testing.T) {
	f := newFake(t, nil)
	client := newClient(t, Options{Socket: f.path})
	if _, err := ask(t, client, "datasets.create", Args{"name": "x"}); err != nil {
		t.Fatal(err)
	}
	if len(f.all()) != 2 || f.all()[0].op() != "service.ping" || f.all()[0].message["epoch"] != nil {
		t.Fatalf("the first request is %v", f.all()[0].message)
	}
	if epoch := raw(f.all()[1].message["epoch"]); !bytes.Equal(epoch, f.lifeEpoch()) {
		t.Errorf("the call carries the epoch %x", epoch)
	}
}

func TestALostConnectionHasItsCallsSentAgainWithIDAndFirstEpoch(t *testing.T) {
	var once sync.Once
	f := newFake(t, func(q *asked) {
		dropped := false
		once.Do(func() { dropped = true; q.fake.drop(true) })
		if !dropped {
			q.ok(map[string]any{})
		}
	})
	client := newClient(t, Options{Socket: f.path})
	if _, err := ask(t, client, "datasets.create", Args{"name": "x"}); err != nil {
		t.Fatal(err)
	}
	sent := f.requests("datasets.create")
	if len(sent) != 2 || sent[0].id() != sent[1].id() {
		t.Fatalf("%d requests were sent", len(sent))
	}
	for _, q := range sent {
		if epoch := raw(q.message["epoch"]); epoch[0] != 1 {
			t.Errorf("a request carries the epoch %x, not the first one", epoch)
		}
	}
	if _, err := ask(t, client, "datasets.create", Args{"name": "y"}); err != nil {
		t.Fatal(err)
	}
	if last := f.requests("datasets.create")[2]; raw(last.message["epoch"])[0] != 2 {
		t.Error("a new call does not carry the new epoch")
	}
}

func TestACallThatBreaksEveryConnectionIsGivenUp(t *testing.T) {
	f := newFake(t, func(q *asked) { q.conn.Close() })
	client := newClient(t, Options{Socket: f.path})
	if _, err := ask(t, client, "datasets.create", Args{"name": "x"}); !errors.Is(err, UnknownOutcome) {
		t.Errorf("a write: %v", err)
	}
	if _, err := ask(t, client, "datasets.list", nil); !errors.Is(err, Unreachable) {
		t.Errorf("a read: %v", err)
	}
	if count := len(f.requests("datasets.create")); count != lossesMax {
		t.Errorf("the write was sent %d times", count)
	}
}

func TestHandlesAreMadeAgainInAnotherLife(t *testing.T) {
	f := newFake(t, func(q *asked) {
		if len(q.fake.requests(q.op())) == 1 {
			q.fail(NotFound, "no_such_profile")
			return
		}
		q.ok(map[string]any{"profile": q.message["profile"]})
	})
	client := newClient(t, Options{Socket: f.path, BaseURL: "https://dify.invalid", APIKey: "secret"})
	if _, err := ask(t, client, "datasets.list", nil); err != nil {
		t.Fatal(err)
	}
	if count := len(f.requests("service.connect")); count != 2 {
		t.Errorf("the handle was made %d times, not again after it was forgotten", count)
	}
	sent := f.requests("datasets.list")
	if len(sent) != 2 || sent[0].id() != sent[1].id() {
		t.Error("the repeat is another call")
	}
	f.drop(true)
	if _, err := ask(t, client, "datasets.list", nil); err != nil {
		t.Fatal(err)
	}
	if profile := text(f.requests("datasets.list")[2].message["profile"]); profile != "handle-2" {
		t.Errorf("the call goes to %q", profile)
	}
	for _, told := range []string{client.String(), client.GoString()} {
		if strings.Contains(told, "secret") {
			t.Error("the key stands in a text")
		}
	}
}

func TestOddFramesAreDroppedAndAnswersInAnyOrder(t *testing.T) {
	var mu sync.Mutex
	var held []*asked
	f := newFake(t, func(q *asked) {
		mu.Lock()
		defer mu.Unlock()
		held = append(held, q)
		if len(held) < 10 {
			return
		}
		q.raw([]byte{1, 0, 0, 0, 0, 0, 0, 0, 2, 9, 9})           // shorter than an id
		q.raw([]byte{1, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 1, 80}) // no top bit
		q.payload(0xfffffff0, []byte{0x80})                      // nobody waits for it
		for i := len(held) - 1; i >= 0; i-- {
			held[i].ok(map[string]any{"n": held[i].arg("page")})
			held[i].ok(map[string]any{"n": -1}) // once more: to be dropped
		}
	})
	client := newClient(t, Options{Socket: f.path})
	var group sync.WaitGroup
	for i := 0; i < 10; i++ {
		group.Add(1)
		go func(i int) {
			defer group.Done()
			reply, err := client.Datasets.List(testContext(t), DatasetsListParams{Page: Ptr(int64(i))})
			if err != nil || number(reply.value()["n"]) != int64(i) {
				t.Errorf("call %d: %v, %v", i, reply, err)
			}
		}(i)
	}
	group.Wait()
	if f.connections() != 1 {
		t.Errorf("there were %d connections", f.connections())
	}
}

func TestABrokenReplyHarmsItsOwnCallAlone(t *testing.T) {
	f := newFake(t, func(q *asked) {
		if q.op() == "datasets.list" {
			q.payload(q.rid, []byte{0x91, 1})
			return
		}
		q.ok(map[string]any{})
	})
	client := newClient(t, Options{Socket: f.path})
	if _, err := ask(t, client, "datasets.list", nil); !errors.Is(err, Protocol) {
		t.Errorf("a reply that is no map: %v", err)
	}
	if _, err := ask(t, client, "datasets.get", Args{"dataset_id": "x"}); err != nil || f.connections() != 1 {
		t.Errorf("the next call: %v, %d connections", err, f.connections())
	}
}

func TestWrongFramingEndsTheConnection(t *testing.T) {
	f := newFake(t, func(q *asked) { q.raw([]byte{2, 0, 0, 0, 0, 0, 0, 0, 0}) })
	client := newClient(t, Options{Socket: f.path})
	if _, err := ask(t, client, "datasets.list", nil); !errors.Is(err, Protocol) {
		t.Errorf("a read: %v", err)
	}
	if _, err := ask(t, client, "datasets.create", Args{"name": "x"}); !errors.Is(err, UnknownOutcome) {
		t.Errorf("a write that may have happened: %v", err)
	}
}

func TestAWrongGreetingIsRefusedAtOnce(t *testing.T) {
	f := newFakeThatGreets(t, "HTTP/1.1", nil)
	client := newClient(t, Options{Socket: f.path})
	if _, err := ask(t, client, "datasets.list", nil); !errors.Is(err, Protocol) {
		t.Errorf("it gave %v", err)
	}
	if len(f.all()) != 0 && f.all()[0].op() != "service.ping" {
		t.Error("a call was sent all the same")
	}
}

func TestALateReplyIsNobodysAndTheServiceIsToldToCancel(t *testing.T) {
	var mu sync.Mutex
	var late *asked
	f := newFake(t, func(q *asked) {
		mu.Lock()
		defer mu.Unlock()
		switch {
		case q.op() == "service.cancel":
			q.ok(map[string]any{"running": true})
		case late == nil:
			late = q
		default:
			late.ok(map[string]any{"late": true})
			q.ok(map[string]any{"late": false})
		}
	})
	client := newClient(t, Options{Socket: f.path})
	ctx, cancel := context.WithCancel(testContext(t))
	ended := make(chan error, 1)
	go func() {
		_, err := client.Datasets.Create(ctx, DatasetsCreateParams{Name: "x"})
		ended <- err
	}()
	eventually(t, "the call is there", func() bool { return len(f.requests("datasets.create")) == 1 })
	cancel()
	err := <-ended
	var e *Error
	if !errors.Is(err, UnknownOutcome) || !errors.Is(err, context.Canceled) || !errors.As(err, &e) || !e.Pending {
		t.Errorf("a write that was cancelled under way: %v", err)
	}
	if told := f.requests("service.cancel"); len(told) != 1 || string(raw(told[0].arg("id"))) != late.id() {
		t.Errorf("the service was told %d times", len(told))
	}
	reply, err := ask(t, client, "datasets.list", nil)
	if err != nil || truth(reply.value()["late"]) {
		t.Errorf("the next call got %v, %v", reply, err)
	}
}

func TestTheDeadlineOfTheContextIsTheCalls(t *testing.T) {
	f := newFake(t, nil)
	client := newClient(t, Options{Socket: f.path})
	ctx, cancel := context.WithTimeout(context.Background(), 7*time.Second)
	defer cancel()
	if _, err := client.Datasets.List(ctx, DatasetsListParams{}); err != nil {
		t.Fatal(err)
	}
	if _, err := client.Datasets.List(context.Background(), DatasetsListParams{}); err != nil {
		t.Fatal(err)
	}
	sent := f.requests("datasets.list")
	if ms := number(plain(sent[0].message["deadline_ms"])); ms <= 5000 || ms > 7000 {
		t.Errorf("deadline_ms is %d", ms)
	}
	if sent[1].message["deadline_ms"] != nil {
		t.Error("a call without a deadline carries one")
	}
}

func TestClosingTheClientEndsItsCalls(t *testing.T) {
	f := newFake(t, func(*asked) {})
	client := newClient(t, Options{Socket: f.path})
	ended := make(chan error, 1)
	go func() {
		_, err := client.Datasets.List(context.Background(), DatasetsListParams{})
		ended <- err
	}()
	eventually(t, "the call is there", func() bool { return len(f.requests("datasets.list")) == 1 })
	client.Close()
	if err := <-ended; !errors.Is(err, Cancelled) {
		t.Errorf("the call that waited: %v", err)
	}
	if _, err := ask(t, client, "datasets.list", nil); !errors.Is(err, Cancelled) {
		t.Errorf("a later call: %v", err)
	}
}

func TestAClosedClientLeavesNothingBehind(t *testing.T) {
	f := newFake(t, nil)
	before := runtime.NumGoroutine()
	for i := 0; i < 20; i++ {
		client := newClient(t, Options{Socket: f.path})
		if _, err := ask(t, client, "datasets.list", nil); err != nil {
			t.Fatal(err)
		}
		client.Close()
	}
	eventually(t, "all goroutines have ended", func() bool { return runtime.NumGoroutine() <= before })
}

func TestClosingTheClientClosesItsStreamsFirst(t *testing.T) {
	f := newFake(t, func(q *asked) {
		switch q.op() {
		case "stream.open":
			q.ok(map[string]any{"stream": bytes.Repeat([]byte{7}, 16), "kind": "events", "status": 200})
		case "stream.close":
			q.ok(map[string]any{"stopped": true, "ended": false})
		}
	})
	client := newClient(t, Options{Socket: f.path})
	stream, err := client.Chat.SendStream(testContext(t), ChatSendParams{Query: "q", User: "u", Inputs: Args{}})
	if err != nil {
		t.Fatal(err)
	}
	client.Close()
	if count := len(f.requests("stream.close")); count != 1 {
		t.Errorf("the service was told %d times", count)
	}
	if stream.Next() || !errors.Is(stream.Err(), Cancelled) {
		t.Errorf("the stream goes on, or ended by %v", stream.Err())
	}
}

func TestWhatCannotBeSentIsRefusedHere(t *testing.T) {
	f := newFake(t, nil)
	client := newClient(t, Options{Socket: f.path})
	if _, err := ask(t, client, "datasets.list", Args{"page": make(chan int)}); !errors.Is(err, InvalidRequest) {
		t.Errorf("a channel: %v", err)
	}
	if _, err := ask(t, client, "datasets.list", Args{"page": strings.Repeat("x", messageMax)}); !errors.Is(err, TooLarge) {
		t.Errorf("a message over the bound: %v", err)
	}
	if _, err := New(Options{APIKey: "x"}); !errors.Is(err, InvalidRequest) {
		t.Errorf("a key without an address: %v", err)
	}
	if _, err := New(Options{BaseURL: "x", Profile: "y"}); !errors.Is(err, InvalidRequest) {
		t.Errorf("two addresses: %v", err)
	}
}

func TestWhereTheServiceIs(t *testing.T) {
	if p := must(locate("ipc:///x/y")); p.path != "/x/y" || p.kind != placeGiven || p.mayStart {
		t.Errorf("ipc:// gives %+v", p)
	}
	t.Setenv("DIFYPOOL_SOCKET", "/named")
	if p := must(locate("")); p.path != "/named" || !p.mayStart {
		t.Errorf("the environment gives %+v", p)
	}
	t.Setenv("DIFYPOOL_AUTOSTART", "0")
	if p := must(locate("")); p.mayStart {
		t.Error("it may start a service all the same")
	}
	t.Setenv("DIFYPOOL_SOCKET", "")
	p := must(locate(""))
	if p.kind != placePrivate || !strings.HasPrefix(p.path, temporaryRoot) {
		t.Errorf("without anything it is %+v", p)
	}
	if err := p.prepare(); err != nil {
		t.Fatal(err)
	}
	directory := filepath.Dir(p.path)
	if err := os.Chmod(directory, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := p.prepare(); !errors.Is(err, Denied) {
		t.Errorf("a directory that others can enter: %v", err)
	}
	if err := os.Remove(directory); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(t.TempDir(), directory); err != nil {
		t.Fatal(err)
	}
	if err := p.prepare(); !errors.Is(err, Denied) {
		t.Errorf("a symbolic link: %v", err)
	}
	if err := os.Remove(directory); err != nil {
		t.Fatal(err)
	}
	if _, err := locate("/" + strings.Repeat("x", 107)); !errors.Is(err, InvalidRequest) {
		t.Errorf("a path that is too long: %v", err)
	}
}

func TestAnOperatorsServiceIsWaitedForAndNeverReplaced(t *testing.T) {
	before := sharedRoot
	sharedRoot = t.TempDir()
	defer func() { sharedRoot = before }()
	t.Setenv("DIFYPOOL_DAEMON", "/bin/false") // starting one would be an error
	client := newClient(t, Options{})
	ended := make(chan error, 1)
	go func() {
		_, err := client.Datasets.List(context.Background(), DatasetsListParams{})
		ended <- err
	}()
	f := &fake{t: t, path: filepath.Join(sharedRoot, "socket"), greeting: greetingPeers, epoch: bytes.Repeat([]byte{1}, 16)}
	eventually(t, "the client looks for it", func() bool {
		client.link.mu.Lock()
		defer client.link.mu.Unlock()
		return client.link.attempt != nil
	})
	f.listen()
	defer f.stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestWhoMayStandBehindTheSocket(t *testing.T) {
	own, stranger := os.Geteuid(), 54321
	if err := (place{kind: placePrivate}).judge(own); err != nil {
		t.Error(err)
	}
	for _, p := range []place{{kind: placePrivate, path: "/x"}, {kind: placeGiven, path: filepath.Join(t.TempDir(), "s")}} {
		if err := p.judge(stranger); !errors.Is(err, Denied) {
			t.Errorf("a stranger on %+v: %v", p, err)
		}
	}
}

func TestWithoutAServiceTheErrorSaysWhatToDo(t *testing.T) {
	t.Setenv("PATH", "/nonexistent")
	client := newClient(t, Options{Socket: filepath.Join(t.TempDir(), "s")})
	_, err := ask(t, client, "datasets.list", nil)
	var e *Error
	if !errors.As(err, &e) || e.Kind != Unreachable || e.Code != "not_installed" || e.Hint == "" {
		t.Errorf("it gave %v", err)
	}
	t.Setenv("DIFYPOOL_DAEMON", "/bin/false")
	if _, err = ask(t, client, "datasets.list", nil); !errors.As(err, &e) || e.Code != "start" {
		t.Errorf("a service that cannot start: %v", err)
	}
}

func TestStreamsAskAgainForWhatWasLostAndDropWhatComesTwice(t *testing.T) {
	handle := bytes.Repeat([]byte{7}, 16)
	events := []any{`{"event":"message","answer":"a"}`, `{"event":"message","answer":"b"}`, `{"event":"message","answer":"c"}`}
	f := newFake(t, func(q *asked) {
		switch q.op() {
		case "stream.open":
			q.ok(map[string]any{"stream": handle, "kind": "events", "status": 200})
			return
		case "stream.close":
			q.ok(map[string]any{"stopped": true, "ended": false})
			return
		}
		told := map[string]any{"stream": handle}
		switch len(q.fake.requests("stream.next")) {
		case 1:
			told["first"], told["events"] = 1, events[:2]
		case 2:
			q.fake.drop(false)
			return
		default:
			told["first"], told["events"] = 2, events[1:]
			told["end"] = map[string]any{"ok": map[string]any{"status": 200}, "run": map[string]any{"task_id": "t"}}
		}
		q.ok(map[string]any{"streams": []any{told}})
	})
	client := newClient(t, Options{Socket: f.path})
	stream, err := client.Chat.SendStream(testContext(t), ChatSendParams{Query: "q", User: "u", Inputs: Args{}})
	if err != nil {
		t.Fatal(err)
	}
	if answer, err := stream.Text(); err != nil || answer != "abc" || stream.Run()["task_id"] != "t" {
		t.Errorf("answer %q, run %v, error %v", answer, stream.Run(), err)
	}
}

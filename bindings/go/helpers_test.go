package difypool

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/vmihailenco/msgpack/v5"
)

// limit is what any wait of a test may take before it has failed.
const limit = 30 * time.Second

// TestMain keeps tests from the machine's own service and settings.
func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	daemon := os.Getenv("DIFYPOOL_DAEMON")
	for _, entry := range os.Environ() {
		if name, _, _ := strings.Cut(entry, "="); strings.HasPrefix(name, "DIFYPOOL_") {
			os.Unsetenv(name)
		}
	}
	realDaemon = daemon
	root, err := os.MkdirTemp("", "dpgo")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(root)
	sharedRoot, runtimeRoot, temporaryRoot = filepath.Join(root, "shared"), filepath.Join(root, "run"), root
	os.Setenv("XDG_STATE_HOME", filepath.Join(root, "state"))
	os.Setenv("XDG_CONFIG_HOME", filepath.Join(root, "config"))
	return m.Run()
}

var realDaemon string

func testContext(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	t.Cleanup(cancel)
	return ctx
}

// must gives the value of a call that may not fail.
func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func newClient(t *testing.T, options Options) *Client {
	t.Helper()
	client, err := New(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return client
}

// eventually waits for a condition that something else brings about.
func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for until := time.Now().Add(limit); !condition(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(until) {
			t.Fatalf("never: %s", what)
		}
	}
}

func unhex(t *testing.T, text string) []byte {
	t.Helper()
	data, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// fake is a service that does what a test tells it to.
type fake struct {
	t        *testing.T
	path     string
	listener *net.UnixListener
	greeting string
	answer   func(*asked) // of every request but pings; nil = pong to all

	mu    sync.Mutex
	epoch []byte
	conns []net.Conn
	seen  []*asked
}

// asked is a request that reached the fake.
type asked struct {
	fake    *fake
	conn    net.Conn
	rid     uint32
	number  int // of its connection
	message map[string]any
}

func newFake(t *testing.T, answer func(*asked)) *fake {
	t.Helper()
	return newFakeThatGreets(t, greetingPeers, answer)
}

func newFakeThatGreets(t *testing.T, greeting string, answer func(*asked)) *fake {
	t.Helper()
	f := &fake{
		t: t, path: filepath.Join(t.TempDir(), "s"), greeting: greeting, answer: answer, epoch: bytes.Repeat([]byte{1}, 16),
	}
	f.listen()
	t.Cleanup(f.stop)
	return f
}

func (f *fake) listen() {
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: f.path, Net: "unix"})
	if err != nil {
		f.t.Fatal(err)
	}
	f.listener = listener
	go f.accept(listener)
}

func (f *fake) accept(listener *net.UnixListener) {
	for {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		f.mu.Lock()
		f.conns = append(f.conns, conn)
		number := len(f.conns)
		f.mu.Unlock()
		go f.serve(conn, number)
	}
}

func (f *fake) serve(conn net.Conn, number int) {
	defer conn.Close()
	if _, err := io.WriteString(conn, f.greeting); err != nil {
		return
	}
	from := bufio.NewReader(conn)
	greeting := make([]byte, 8)
	if _, err := io.ReadFull(from, greeting); err != nil || string(greeting) != greetingOurs {
		return
	}
	for {
		payload, err := readPayload(from)
		if err != nil {
			return
		}
		var message map[string]any
		if err := msgpack.Unmarshal(payload[4:], &message); err != nil {
			f.t.Errorf("the client sent no msgpack: %v", err)
			return
		}
		q := &asked{f, conn, ridOf(payload), number, message}
		f.mu.Lock()
		f.seen = append(f.seen, q)
		f.mu.Unlock()
		switch {
		case q.op() == "service.ping":
			q.ok(map[string]any{})
		case q.op() == "service.connect":
			q.ok(map[string]any{"profile": fmt.Sprintf("handle-%x", f.lifeEpoch()[0])})
		case f.answer != nil:
			f.answer(q)
		default:
			q.ok(map[string]any{"pong": true})
		}
	}
}

func (f *fake) lifeEpoch() []byte {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.epoch
}

// requests gives those of an operation that have come.
func (f *fake) requests(op string) []*asked {
	f.mu.Lock()
	defer f.mu.Unlock()
	var found []*asked
	for _, q := range f.seen {
		if q.op() == op {
			found = append(found, q)
		}
	}
	return found
}

// all gives every request that has come.
func (f *fake) all() []*asked {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]*asked(nil), f.seen...)
}

// connections tells how many there have been.
func (f *fake) connections() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.conns)
}

// drop ends all connections; with a new life the epoch is another.
func (f *fake) drop(newLife bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if newLife {
		f.epoch = bytes.Repeat([]byte{f.epoch[0] + 1}, 16)
	}
	for _, conn := range f.conns {
		conn.Close()
	}
}

func (f *fake) stop() {
	f.listener.Close()
	f.drop(false)
}

func (q *asked) op() string { return text(q.message["op"]) }

func (q *asked) id() string { return string(raw(q.message["id"])) }

func (q *asked) arg(name string) any {
	args, _ := q.message["args"].(map[string]any)
	return args[name]
}

func (q *asked) ok(body any) {
	q.reply(map[string]any{"ok": map[string]any{"status": 200, "body": body}})
}

func (q *asked) fail(kind Kind, code string) {
	q.reply(map[string]any{"error": map[string]any{"kind": string(kind), "code": code, "message": "told by the test"}})
}

func (q *asked) reply(message map[string]any) {
	message["v"], message["id"], message["epoch"] = 1, q.message["id"], q.fake.lifeEpoch()
	q.payload(q.rid, must(msgpack.Marshal(message)))
}

func (q *asked) payload(rid uint32, message []byte) {
	frame := make([]byte, 13, 13+len(message))
	frame[0] = 1
	binary.BigEndian.PutUint64(frame[1:], uint64(len(message)+4))
	binary.BigEndian.PutUint32(frame[9:], rid)
	q.raw(append(frame, message...))
}

// raw writes bytes as they are; a client that has gone is no failure of the test.
func (q *asked) raw(data []byte) { _, _ = q.conn.Write(data) }

// sandbox is a Dify server to call.
type sandbox struct {
	HTTP    string
	Control string
	Key     string            // of knowledge bases
	Keys    map[string]string // of apps, by their kind
}

// startSandbox starts the stand-in for a Dify server; it ends with the test.
func startSandbox(t *testing.T, options ...string) *sandbox {
	t.Helper()
	if realDaemon == "" {
		t.Skip("DIFYPOOL_DAEMON names no service to test with")
	}
	command := exec.Command("../../tests/sandbox/run", append([]string{"--until-eof", "--indexing-interval", "0.01"}, options...)...)
	command.Stderr = os.Stderr
	input := must(command.StdinPipe())
	output := must(command.StdoutPipe())
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		input.Close()
		_ = command.Wait()
	})
	line, err := bufio.NewReader(output).ReadBytes('\n')
	if err != nil {
		t.Fatalf("the sandbox did not start: %v", err)
	}
	s := &sandbox{}
	if err := json.Unmarshal(line, s); err != nil {
		t.Fatalf("%v: %s", err, line)
	}
	return s
}

// effects tells how often an operation was carried out at the server.
func (s *sandbox) effects(t *testing.T, op string) int {
	t.Helper()
	answer, err := http.Get(s.Control + "/counters")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var counters struct{ Effects map[string]int }
	if err := json.NewDecoder(answer.Body).Decode(&counters); err != nil {
		t.Fatal(err)
	}
	return counters.Effects[op]
}

// startService has the first call start the real service, on a socket of the test's own; it ends with the test.
func startService(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "s")
	t.Setenv("DIFYPOOL_DAEMON", realDaemon)
	t.Cleanup(func() { stopService(t, path, syscall.SIGTERM) })
	return path
}

// stopService ends the service on a socket, if there is one, and waits until it is gone.
func stopService(t *testing.T, path string, how syscall.Signal) {
	t.Helper()
	t.Setenv("DIFYPOOL_AUTOSTART", "0")
	defer os.Unsetenv("DIFYPOOL_AUTOSTART")
	client, err := New(Options{Socket: path})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	info, err := client.Info(ctx)
	if err != nil {
		return
	}
	pid := int(number(info["pid"]))
	if err := syscall.Kill(pid, how); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the service ends", func() bool { return hasEnded(pid) })
}

func hasEnded(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err != nil || strings.Contains(string(stat), ") Z ")
}

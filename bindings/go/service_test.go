package difypool

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// The real service with the stand-in for a Dify server behind it.

func chain(t *testing.T, key string) (*sandbox, *Client) {
	t.Helper()
	s := startSandbox(t)
	if key == "" {
		key = s.Key
	} else {
		key = s.Keys[key]
	}
	return s, newClient(t, Options{BaseURL: s.HTTP, APIKey: key, Socket: startService(t)})
}

// knowledgeBase makes an empty one and gives its id.
func knowledgeBase(ctx context.Context, t *testing.T, client *Client, name string) string {
	t.Helper()
	reply, err := client.Datasets.Create(ctx, DatasetsCreateParams{Name: name, IndexingTechnique: Ptr("economy")})
	if err != nil {
		t.Fatal(err)
	}
	var made struct{ ID string }
	if err := reply.JSON(&made); err != nil {
		t.Fatal(err)
	}
	return made.ID
}

func TestCallsOfEachKindAgainstTheRealService(t *testing.T) {
	s, client := chain(t, "")
	ctx := testContext(t)
	id := knowledgeBase(ctx, t, client, "go")
	for i := 0; i < 3; i++ {
		_, err := client.Documents.CreateByText(ctx, DocumentsCreateByTextParams{
			DatasetID: id, Name: fmt.Sprintf("%d.md", i), Text: "Füße ☃", IndexingTechnique: Ptr("economy"),
		}, WithPriority("interactive"))
		if err != nil {
			t.Fatal(err)
		}
	}
	if made := s.effects(t, "documents.create_by_text"); made != 3 {
		t.Errorf("the server carried out %d creates, not 3", made)
	}
	reply, err := client.Documents.List(ctx, DocumentsListParams{DatasetID: id, Limit: Ptr[int64](2)}, WithDecode())
	if err != nil {
		t.Fatal(err)
	}
	list, _ := reply.Value.(map[string]any)
	if number(list["total"]) != 3 || reply.Status != 200 || reply.Meta.Op() != "documents.list" || reply.Meta.Attempts() != 1 {
		t.Errorf("the list is %v, status %d, meta %v", list, reply.Status, reply.Meta)
	}
	_, err = client.Datasets.Get(ctx, DatasetsGetParams{DatasetID: "00000000-0000-4000-8000-000000000001"})
	var e *Error
	if !errors.Is(err, NotFound) || !errors.As(err, &e) || e.Status != 404 || e.Retryable || len(e.Body) == 0 {
		t.Errorf("a knowledge base that is not there: %v", err)
	}
	_, err = client.Call(ctx, "datasets.get", Args{"dataset_id": id, "nonsense": 1})
	if !errors.Is(err, InvalidRequest) || !strings.Contains(err.Error(), "nonsense") {
		t.Errorf("an unknown argument: %v", err)
	}
	results, err := client.Batch(ctx, []BatchCall{
		{"datasets.get", Args{"dataset_id": id}}, {"datasets.get", Args{"dataset_id": "00000000-0000-4000-8000-000000000001"}},
	}, 2)
	if err != nil {
		t.Fatal(err)
	}
	var got struct{ ID string }
	if results[0].Err != nil || results[0].Reply.JSON(&got) != nil || got.ID != id || !errors.Is(results[1].Err, NotFound) {
		t.Errorf("the batch gave %+v", results)
	}
}

func TestManyCallsAtOnceShareOneConnection(t *testing.T) {
	_, client := chain(t, "")
	ctx := testContext(t)
	id := knowledgeBase(ctx, t, client, "many")
	var group sync.WaitGroup
	failures := make(chan error, 1000)
	for i := 0; i < 1000; i++ {
		group.Add(1)
		go func() {
			defer group.Done()
			if _, err := client.Datasets.Get(ctx, DatasetsGetParams{DatasetID: id}); err != nil {
				failures <- err
			}
		}()
	}
	group.Wait()
	close(failures)
	for err := range failures {
		t.Fatal(err)
	}
	stats, err := client.Stats(ctx)
	if err != nil {
		t.Fatal(err)
	}
	service, _ := stats["service"].(map[string]any)
	if number(service["clients"]) != 1 {
		t.Errorf("the service has %v connections, not 1", service["clients"])
	}
}

func TestAStreamOfEventsOfARun(t *testing.T) {
	_, client := chain(t, "chatflow")
	ctx := testContext(t)
	stream, err := client.Chat.SendStream(ctx, ChatSendParams{Query: "hello", User: "go", Inputs: Args{}})
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	names := map[string]int{}
	for stream.Next() {
		names[stream.Event().Name]++
	}
	if err := stream.Err(); err != nil {
		t.Fatal(err)
	}
	if stream.Answer() == "" || names["message"] == 0 || names["message_end"] != 1 || stream.Run()["conversation_id"] == "" {
		t.Errorf("events %v, answer %q, run %v", names, stream.Answer(), stream.Run())
	}
	if stream.Reply() == nil {
		t.Error("the stream ended well and has no reply")
	}
	// The same asked for in one piece.
	reply, err := client.Chat.Send(ctx, ChatSendParams{Query: "hello", User: "go", Inputs: Args{}})
	if err != nil {
		t.Fatal(err)
	}
	var whole struct{ Answer string }
	if err := reply.JSON(&whole); err != nil || whole.Answer != stream.Answer() {
		t.Errorf("in one piece the answer is %q, as a stream %q (%v)", whole.Answer, stream.Answer(), err)
	}
}

func TestManyStreamsAtOnceShareTheirWaiting(t *testing.T) {
	_, client := chain(t, "chatflow")
	ctx := testContext(t)
	var group sync.WaitGroup
	for i := 0; i < 30; i++ {
		group.Add(1)
		go func() {
			defer group.Done()
			stream, err := client.Chat.SendStream(ctx, ChatSendParams{Query: "hello", User: "go", Inputs: Args{}})
			if err != nil {
				t.Error(err)
				return
			}
			if answer, err := stream.Text(); err != nil || answer == "" {
				t.Errorf("answer %q, error %v", answer, err)
			}
		}()
	}
	group.Wait()
	client.crew.mu.Lock()
	defer client.crew.mu.Unlock()
	if len(client.crew.open) != 0 {
		t.Errorf("%d streams are still held", len(client.crew.open))
	}
}

func TestLeavingAStreamEndsItAtTheService(t *testing.T) {
	_, client := chain(t, "chatflow-slow")
	ctx, cancel := context.WithCancel(testContext(t))
	stream, err := client.Chat.SendStream(ctx, ChatSendParams{Query: "hello", User: "go", Inputs: Args{"secs": "25"}})
	if err != nil {
		t.Fatal(err)
	}
	if !stream.Next() {
		t.Fatal(stream.Err())
	}
	cancel()
	for stream.Next() {
		continue
	}
	if err := stream.Err(); !errors.Is(err, Cancelled) || !errors.Is(err, context.Canceled) {
		t.Errorf("a stream whose context was cancelled: %v", err)
	}
	eventually(t, "the service lets go of the stream", func() bool {
		stats, err := client.Stats(testContext(t))
		if err != nil {
			t.Fatal(err)
		}
		service, _ := stats["service"].(map[string]any)
		return number(service["streams"]) == 0
	})
}

// onlyReader hides what a reader can besides reading.
type onlyReader struct{ io.Reader }

func TestFilesOfAllSizesGoUpAndDown(t *testing.T) {
	_, client := chain(t, "chatflow")
	ctx := testContext(t)
	for name, size := range map[string]int{"small": 100, "edge": smallFile, "over": smallFile + 1, "large": 9<<20 + 7} {
		for how, reader := range map[string]func([]byte) io.Reader{
			"seeker": func(data []byte) io.Reader { return bytes.NewReader(data) },
			"pipe":   func(data []byte) io.Reader { return onlyReader{bytes.NewReader(data)} },
		} {
			content := bytes.Repeat([]byte("0123456789abcde\n"), size/16+1)[:size]
			reply, err := client.Files.Upload(ctx, FilesUploadParams{
				User: Ptr("go"), File: &File{Name: name + ".txt", Content: reader(content)},
			})
			if err != nil {
				t.Fatalf("%s by a %s: %v", name, how, err)
			}
			var made struct {
				ID   string
				Size int
			}
			if err := reply.JSON(&made); err != nil || made.Size != size {
				t.Fatalf("%s by a %s: the server counts %d bytes of %d (%v)", name, how, made.Size, size, err)
			}
		}
	}
}

func TestADownloadIsTheFile(t *testing.T) {
	s := startSandbox(t, "--dify-version", "present") // older ones have no such downloads
	client := newClient(t, Options{BaseURL: s.HTTP, APIKey: s.Key, Socket: startService(t)})
	ctx := testContext(t)
	id := knowledgeBase(ctx, t, client, "zip")
	content := bytes.Repeat([]byte("All work and no play.\n"), 20000)
	reply, err := client.Documents.CreateByFile(ctx, DocumentsCreateByFileParams{
		DatasetID: id, File: &File{Name: "play.txt", Content: bytes.NewReader(content)}, IndexingTechnique: Ptr("economy"),
		ProcessRule: Args{"mode": "automatic"},
	})
	if err != nil {
		t.Fatal(err)
	}
	var made struct{ Document struct{ ID string } }
	if err := reply.JSON(&made); err != nil {
		t.Fatal(err)
	}
	download, err := client.Documents.DownloadZipDownload(ctx, DocumentsDownloadZipParams{
		DatasetID: id, DocumentIDs: []string{made.Document.ID},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer download.Close()
	data, err := io.ReadAll(download)
	if err != nil {
		t.Fatal(err)
	}
	archive, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil || len(archive.File) != 1 {
		t.Fatalf("the archive of %d bytes: %v", len(data), err)
	}
	inner := must(archive.File[0].Open())
	if got := must(io.ReadAll(inner)); !bytes.Equal(got, content) {
		t.Errorf("the file in it has %d bytes of %d", len(got), len(content))
	}
}

func TestAPushGivesEveryPageOnce(t *testing.T) {
	_, client := chain(t, "")
	ctx := testContext(t)
	id := knowledgeBase(ctx, t, client, "push")
	params := PagesPushParams{DatasetID: &id}
	push, err := client.Pages.Open(ctx, params)
	if err != nil {
		t.Fatal(err)
	}
	defer push.Close()
	for i := 0; i < 150; i++ {
		page := Page{URL: fmt.Sprintf("https://example.invalid/%d", i), Title: fmt.Sprint(i), Text: fmt.Sprintf("page %d", i)}
		if err := push.Add(ctx, page); err != nil {
			t.Fatal(err)
		}
	}
	summary, err := push.Finish(ctx)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[int]string{}
	for _, result := range summary.Results {
		seen[result.Index] += result.Outcome
	}
	for i := 0; i < 150; i++ {
		if seen[i] != "created" {
			t.Fatalf("page %d was %q", i, seen[i])
		}
	}
	again, err := client.Pages.Push(ctx, params, []Page{
		{URL: "https://example.invalid/1", Title: "1", Text: "page 1"}, {URL: "https://example.invalid/2", Title: "2", Text: "new"}, {Text: "no key"},
	})
	if err != nil {
		t.Fatal(err)
	}
	outcomes := map[int]string{}
	for _, result := range again.Results {
		outcomes[result.Index] = result.Outcome
		if result.Outcome == "failed" && result.Err == nil {
			t.Error("a page failed without an error")
		}
	}
	if outcomes[0] != "unchanged" || outcomes[1] != "updated" || outcomes[2] != "failed" {
		t.Errorf("pushed again: %v", outcomes)
	}
	_, err = client.Pages.Push(ctx, PagesPushParams{DatasetID: Ptr("00000000-0000-4000-8000-000000000001")}, []Page{{URL: "https://example.invalid/", Text: "x"}})
	if !errors.Is(err, NotFound) {
		t.Errorf("a push to a knowledge base that is not there: %v", err)
	}
}

func TestRequestsOfAnHTTPClientGoThroughTheService(t *testing.T) {
	s, client := chain(t, "chatflow")
	web := &http.Client{Transport: &Transport{Options: Options{Socket: client.defaults.Socket}}}
	defer web.CloseIdleConnections()
	send := func(method, path, key, body string) *http.Response {
		t.Helper()
		request := must(http.NewRequestWithContext(testContext(t), method, s.HTTP+path, strings.NewReader(body)))
		request.Header.Set("Authorization", "Bearer "+key)
		request.Header.Set("Content-Type", "application/json")
		answer, err := web.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { answer.Body.Close() })
		return answer
	}
	answer := send("GET", "/datasets?limit=1", s.Key, "")
	if text := must(io.ReadAll(answer.Body)); answer.StatusCode != 200 || !bytes.Contains(text, []byte(`"has_more"`)) {
		t.Errorf("status %d: %s", answer.StatusCode, text)
	}
	answer = send("GET", "/datasets/00000000-0000-4000-8000-000000000001", s.Key, "")
	if text := must(io.ReadAll(answer.Body)); answer.StatusCode != 404 || !bytes.Contains(text, []byte("not_found")) {
		t.Errorf("status %d: %s", answer.StatusCode, text)
	}
	if answer = send("GET", "/datasets", "wrong", ""); answer.StatusCode != 401 {
		t.Errorf("a wrong key: status %d", answer.StatusCode)
	}
	answer = send("POST", "/chat-messages", s.Keys["chatflow"], `{"query":"hi","user":"go","inputs":{},"response_mode":"streaming"}`)
	text := string(must(io.ReadAll(answer.Body)))
	if answer.Header.Get("Content-Type") != "text/event-stream" || !strings.Contains(text, "data: {") || !strings.Contains(text, "message_end") {
		t.Errorf("type %s: %.300s", answer.Header.Get("Content-Type"), text)
	}
}

func TestAServiceThatWasKilledLosesAndDoublesNothing(t *testing.T) {
	s, client := chain(t, "")
	ctx := testContext(t)
	id := knowledgeBase(ctx, t, client, "kill")
	const calls = 120
	var group sync.WaitGroup
	var mu sync.Mutex
	unknown := 0
	for i := 0; i < calls; i++ {
		group.Add(1)
		go func(i int) {
			defer group.Done()
			_, err := client.Documents.CreateByText(ctx, DocumentsCreateByTextParams{
				DatasetID: id, Name: fmt.Sprintf("%d.md", i), Text: "text", IndexingTechnique: Ptr("economy"),
			})
			mu.Lock()
			defer mu.Unlock()
			if errors.Is(err, UnknownOutcome) {
				unknown++
			} else if err != nil {
				t.Errorf("call %d: %v", i, err)
			}
		}(i)
	}
	eventually(t, "some are done", func() bool { return s.effects(t, "documents.create_by_text") > calls/6 })
	info, err := client.Info(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(int(number(info["pid"])), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	group.Wait()
	made := s.effects(t, "documents.create_by_text")
	if made > calls || made < calls-unknown {
		t.Errorf("the server made %d documents of %d calls, %d of unknown outcome", made, calls, unknown)
	}
	t.Logf("%d documents, %d of unknown outcome", made, unknown)
}

func TestARunWhoseServiceWasKilledIsOfUnknownOutcomeWithItsIDs(t *testing.T) {
	_, client := chain(t, "chatflow-slow")
	ctx := testContext(t)
	stream, err := client.Chat.SendStream(ctx, ChatSendParams{Query: "hello", User: "go", Inputs: Args{"secs": "25"}})
	if err != nil {
		t.Fatal(err)
	}
	for len(stream.Run()) == 0 && stream.Next() {
		continue
	}
	info, err := client.Info(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(int(number(info["pid"])), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	_, err = stream.Text()
	var e *Error
	if !errors.Is(err, UnknownOutcome) || !errors.As(err, &e) || e.Run["task_id"] == "" {
		t.Errorf("it ended by %v", err)
	}
}

func TestACancelledReadEndsAtOnceAndADeadlineReachesTheServer(t *testing.T) {
	s := startSandbox(t, "--think-ms", "3000")
	client := newClient(t, Options{BaseURL: s.HTTP, APIKey: s.Key, Socket: startService(t)})
	ctx, cancel := context.WithCancel(testContext(t))
	time.AfterFunc(100*time.Millisecond, cancel)
	began := time.Now()
	_, err := client.Datasets.List(ctx, DatasetsListParams{})
	if !errors.Is(err, Cancelled) || !errors.Is(err, context.Canceled) || time.Since(began) > 2500*time.Millisecond {
		t.Errorf("after %v: %v", time.Since(began), err)
	}
	short, stop := context.WithTimeout(testContext(t), 150*time.Millisecond)
	defer stop()
	_, err = client.Datasets.List(short, DatasetsListParams{})
	if !errors.Is(err, Timeout) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a read past its deadline: %v", err)
	}
	short, stop = context.WithTimeout(testContext(t), 150*time.Millisecond)
	defer stop()
	_, err = client.Datasets.Create(short, DatasetsCreateParams{Name: "late"})
	var e *Error
	if !errors.Is(err, UnknownOutcome) || !errors.As(err, &e) || !e.Pending {
		t.Errorf("a write past its deadline: %v", err)
	}
}

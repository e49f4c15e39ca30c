package difypool

import (
	"bytes"
	"io"
	"net/http"
	"runtime"
	"testing"
)

// pattern is so many bytes without holding them.
type pattern struct{ left int64 }

func (p *pattern) Read(into []byte) (int, error) {
	if p.left == 0 {
		return 0, io.EOF
	}
	if int64(len(into)) > p.left {
		into = into[:p.left]
	}
	for i := range into {
		into[i] = 'a'
	}
	p.left -= int64(len(into))
	return len(into), nil
}

func TestNinetyMegabytesGoThroughInLittleMemory(t *testing.T) {
	const size = 90 << 20
	s := startSandbox(t)
	limits := `{"upload_limit": 104857600, "body_limit": 209715200, "keep_upload_bytes": 104857600}`
	change := must(http.NewRequestWithContext(testContext(t), "PATCH", s.Control+"/settings", bytes.NewReader([]byte(limits))))
	answer := must(http.DefaultClient.Do(change))
	if told := must(io.ReadAll(answer.Body)); answer.Body.Close() != nil || answer.StatusCode != 200 {
		t.Fatalf("%s", told)
	}
	client := newClient(t, Options{BaseURL: s.HTTP, APIKey: s.Keys["chatflow"], Socket: startService(t)})
	ctx := testContext(t)
	file := &File{Name: "large.txt", Content: &pattern{size}, Length: size}
	before := held()
	reply, err := client.Files.Upload(ctx, FilesUploadParams{User: Ptr("go"), File: file}, WithoutValidation())
	if err != nil {
		t.Fatal(err)
	}
	var made struct {
		ID   string
		Size int64
	}
	if err := reply.JSON(&made); err != nil || made.Size != size {
		t.Errorf("the server counts %d bytes (%v)", made.Size, err)
	}
	if grown := held() - before; grown > 32<<20 {
		t.Errorf("sending it took %d bytes of memory", grown)
	}
	// A file can be read once a message has it.
	_, err = client.Chat.Send(ctx, ChatSendParams{Query: "q", User: "go", Inputs: Args{}, Files: []Args{
		{"type": "document", "transfer_method": "local_file", "upload_file_id": made.ID},
	}})
	if err != nil {
		t.Fatal(err)
	}
	download, err := client.Files.PreviewDownload(ctx, FilesPreviewParams{FileID: made.ID})
	if err != nil {
		t.Fatal(err)
	}
	defer download.Close()
	if count, err := io.Copy(io.Discard, download); err != nil || count != size {
		t.Errorf("%d bytes came back, error %v", count, err)
	}
	if grown := held() - before; grown > 64<<20 {
		t.Errorf("both ways took %d bytes of memory", grown)
	}
}

// held is what the process has of the system for its heap.
func held() int64 {
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapSys)
}

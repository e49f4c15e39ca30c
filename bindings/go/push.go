package difypool

// Pages in, results out. What the service does with pages is its own affair; here they are numbered, cut into messages,
// and their results gathered. A goroutine hears results, so that a push never stands still because nobody reads them; the
// service's room for pages is what holds a crawler back in Add.

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"sync"
	"time"
)

const (
	pagesAtOnce = 64      // pages in one message
	bytesAtOnce = 1 << 20 // and what they may hold, unless one alone holds more
	pushBuffer  = 1 << 20 // bytes of results that the service holds for us
	pageFileMax = 60 << 20
	busyPause   = 250 * time.Millisecond // where other pushes hold too much
)

// Page is a page to push. URL, without its fragment, is its key, unless there is an ID.
type Page struct {
	URL      string
	ID       string // its key, where it has no address of its own
	Title    string
	Name     string // of its document; made of the title by default
	Text     string // its text; or
	File     *File  // its file, which is read whole
	Metadata map[string]any
}

// PageResult is what became of a page, or of a document that was pruned.
type PageResult struct {
	Index      int    // of the page, in the order in which pages were given; -1 of a document that was pruned
	Key        string // the page's
	Outcome    string // created, updated, adopted, unchanged, duplicate, skipped, failed; deleted of one that was pruned
	DocumentID string
	Name       string
	Code       string // of a page that was skipped: why
	Err        error  // of a page that failed
}

// Summary is what became of a push.
type Summary struct {
	DatasetID string
	Totals    map[string]any // as the service counted
	Results   []PageResult   // in the order in which pages were done; empty where OnResult took them
}

// Push is a push that is under way. Add and Finish are for one goroutine at a time.
type Push struct {
	client *Client
	flow   *flow
	handle []byte
	ctx    context.Context
	onDone func(PageResult)
	heard  chan struct{} // closed once all results have come
	given  int

	mu      sync.Mutex
	results []PageResult
	err     error
	totals  map[string]any
}

// openPush is what Pages.Open stands on.
func (c *Client) openPush(ctx context.Context, args any, options []CallOption) (*Push, error) {
	o := optionsOf(c.defaults.Defaults, options)
	given, err := mapOf(args, "pages")
	if err != nil {
		return nil, err
	}
	given["buffer"] = pushBuffer
	for name, value := range o.stream {
		given[name] = value
	}
	reply, err := c.do(ctx, "push.open", given, o)
	if err != nil {
		return nil, err
	}
	p := &Push{client: c, ctx: ctx, handle: raw(reply.value()["push"]), heard: make(chan struct{}), onDone: o.event}
	p.flow = c.crew.adopt("pages.push", p.handle, false)
	go p.hear()
	return p, nil
}

// pushAll is what Pages.Push stands on.
func (c *Client) pushAll(ctx context.Context, args any, pages []Page, options []CallOption) (*Summary, error) {
	p, err := c.openPush(ctx, args, options)
	if err != nil {
		return nil, err
	}
	defer p.Close()
	if err := p.Add(ctx, pages...); err != nil {
		return p.summary(), err
	}
	return p.Finish(ctx)
}

// Add gives pages, and returns once the service has taken them all: that is the back-pressure. An error other than that
// of the context is the push's own end; what was done until then stands in its Summary.
func (p *Push) Add(ctx context.Context, pages ...Page) error {
	wire := make([]Args, 0, len(pages))
	sizes := make([]int, 0, len(pages))
	for i := range pages {
		page, size, err := pages[i].wire()
		if err != nil {
			return err
		}
		wire, sizes = append(wire, page), append(sizes, size)
	}
	for len(wire) > 0 {
		count, held := 0, 0
		for count < len(wire) && count < pagesAtOnce && (count == 0 || held+sizes[count] <= bytesAtOnce) {
			held += sizes[count]
			count++
		}
		taken, err := p.add(ctx, wire[:count])
		if err != nil {
			return err
		}
		wire, sizes = wire[taken:], sizes[taken:]
	}
	return nil
}

// add sends some pages; it tells how many of them were taken.
func (p *Push) add(ctx context.Context, pages []Args) (int, error) {
	reply, err := p.client.do(ctx, "push.add", Args{"push": p.handle, "pages": pages, "at": p.given}, callOptions{})
	if errors.Is(err, Busy) && codeOf(err) == "push_bytes" {
		select {
		case <-time.After(busyPause):
			return 0, nil
		case <-ctx.Done():
			return 0, endedStream("pages.push", ctx.Err())
		case <-p.heard:
			return 0, p.ended()
		}
	}
	if err != nil {
		return 0, p.meaning(err)
	}
	taken := int(number(reply.value()["taken"])) - p.given
	if taken < 0 || taken > len(pages) {
		return 0, fail(Protocol, "push", "", "pages.push: the service counts %d pages more where %d were given", taken, len(pages))
	}
	p.given += taken
	if truth(reply.value()["ended"]) && taken < len(pages) {
		return taken, p.waitForEnd(ctx)
	}
	return taken, nil
}

// waitForEnd gives the reason why the push wants no more pages.
func (p *Push) waitForEnd(ctx context.Context) error {
	select {
	case <-p.heard:
		return p.ended()
	case <-ctx.Done():
		return endedStream("pages.push", ctx.Err())
	}
}

// ended is the error that ended the push.
func (p *Push) ended() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err != nil {
		return p.err
	}
	return fail(Conflict, "finished", "", "pages.push: the push has ended")
}

// meaning of an error of one of the push's messages: a service that is gone is the end of it.
func (p *Push) meaning(err error) error {
	if code := codeOf(err); code != "no_such_push" && code != "service_lost" {
		return err
	}
	// The handle may be gone because all results have come, the reason with them.
	select {
	case <-p.heard:
		return p.ended()
	case <-time.After(closeLimit):
	}
	e := p.flow.lost("the difypool service that held it is gone, or gave it up")
	e.Summary = p.summary()
	return e
}

// Finish says that these were all pages, and waits until what was written is done, pruned and, where that was asked for,
// indexed. The error, where there is one, has the summary of what was done until then, too.
func (p *Push) Finish(ctx context.Context) (*Summary, error) {
	_, err := p.client.do(ctx, "push.finish", Args{"push": p.handle, "at": p.given}, callOptions{})
	if err != nil && codeOf(err) != "no_such_push" {
		return p.summary(), p.meaning(err)
	}
	select {
	case <-p.heard:
	case <-ctx.Done():
		return p.summary(), endedStream("pages.push", ctx.Err())
	}
	p.mu.Lock()
	err = p.err
	p.mu.Unlock()
	return p.summary(), err
}

// Close cancels what was not begun. A push that was not finished never prunes. It may be repeated, and harms nothing
// after Finish.
func (p *Push) Close() error {
	p.client.crew.leave(p.flow)
	return nil
}

// hear takes results until the push has ended.
func (p *Push) hear() {
	defer close(p.heard)
	for {
		piece, err := p.client.crew.take(p.ctx, p.flow)
		if piece == nil {
			p.over(err)
			return
		}
		event, ok := piece.(string)
		if !ok {
			continue
		}
		var told pageEvent
		if json.Unmarshal([]byte(event), &told) == nil && (told.Event == "page" || told.Event == "deleted") {
			p.note(told.result())
		}
	}
}

func (p *Push) note(result PageResult) {
	if p.onDone != nil {
		p.onDone(result)
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.results = append(p.results, result)
}

func (p *Push) over(err error) {
	p.client.crew.mu.Lock()
	end := p.flow.end
	p.client.crew.mu.Unlock()
	p.client.crew.leave(p.flow)
	var totals map[string]any
	if end != nil && end.reply != nil {
		if broken := end.reply.JSON(&totals); broken != nil {
			err = broken
		}
	}
	p.mu.Lock()
	p.totals = totals
	p.mu.Unlock()
	var e *Error
	if errors.As(err, &e) {
		told := *e
		told.Summary = p.summary()
		err = &told
	}
	p.mu.Lock()
	p.err = err
	p.mu.Unlock()
}

func (p *Push) summary() *Summary {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := &Summary{Totals: p.totals, Results: append([]PageResult(nil), p.results...)}
	s.DatasetID = text(p.totals["dataset_id"])
	return s
}

type pageEvent struct {
	Event      string         `json:"event"`
	Index      *int           `json:"index"`
	Key        string         `json:"key"`
	Outcome    string         `json:"outcome"`
	DocumentID string         `json:"document_id"`
	Name       string         `json:"name"`
	Code       string         `json:"code"`
	Error      map[string]any `json:"error"`
}

func (t *pageEvent) result() PageResult {
	result := PageResult{Index: -1, Key: t.Key, Outcome: t.Outcome, DocumentID: t.DocumentID, Name: t.Name, Code: t.Code}
	if t.Index != nil {
		result.Index = *t.Index
	}
	if t.Event == "deleted" {
		result.Outcome = "deleted"
	}
	if t.Error != nil {
		e := errorOf(t.Error)
		if e == nil {
			e = fail(Internal, text(t.Error["code"]), "", "%s", text(t.Error["message"]))
		}
		result.Err = e
	}
	return result
}

// wire gives the page as push.add takes it, and how much it holds.
func (p *Page) wire() (Args, int, error) {
	page := Args{}
	for name, value := range map[string]string{"url": p.URL, "id": p.ID, "title": p.Title, "name": p.Name} {
		if value != "" {
			page[name] = value
		}
	}
	if p.Metadata != nil {
		page["metadata"] = p.Metadata
	}
	if p.File == nil {
		page["text"] = p.Text
		return page, len(p.Text) + 256, nil
	}
	data, err := io.ReadAll(io.LimitReader(p.File.Content, pageFileMax+1))
	if err != nil {
		return nil, 0, readFailed(p.File, err)
	}
	if len(data) > pageFileMax {
		return nil, 0, fail(TooLarge, "page_file", "", "the file %s of a page is over %d bytes", p.File.Name, pageFileMax)
	}
	page["file"] = Args{"name": p.File.Name, "type": p.File.Type, "data": data}
	return page, len(data) + 256, nil
}

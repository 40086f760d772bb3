package channelstest

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"parley/channels"
)

// PutFile stores a file at the provider, as if a customer had sent it. The event about it names ref, by which
// the channel fetches the file.
func (p *Provider) PutFile(ref string, f File) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.files[ref] = f
}

// ForgetFiles makes the provider lose all files.
func (p *Provider) ForgetFiles() {
	p.mu.Lock()
	defer p.mu.Unlock()
	clear(p.files)
}

// Fetched returns the refs of all requests for files, in order.
func (p *Provider) Fetched() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.fetched)
}

// Attended returns the ids of the customers' messages that channels have marked as read, in order.
func (p *Provider) Attended() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.attended)
}

// serveFile serves GET /file, subject to faults.
func (p *Provider) serveFile(w http.ResponseWriter, r *http.Request) {
	ref := r.URL.Query().Get("ref")
	p.mu.Lock()
	p.fetched = append(p.fetched, ref)
	f, known := p.files[ref]
	p.changed.Poke()
	p.mu.Unlock()
	fault := p.takeFault(ref, func(f Fault) bool { return f.File })
	if !known && fault.Kind == FaultNone {
		fault.Kind = FaultGone
	}
	if fault.Until != nil {
		select {
		case <-fault.Until:
		case <-r.Context().Done():
			return
		case <-p.closing:
			panic(http.ErrAbortHandler)
		}
	}

	switch fault.Kind {
	case FaultGone:
		w.WriteHeader(http.StatusNotFound)
		return
	case FaultRefuse:
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	case FaultDropBefore:
		panic(http.ErrAbortHandler)
	default: // the file is served; FaultCut breaks off halfway
	}

	w.Header().Set("Content-Type", f.Type)
	w.Header().Set("Content-Length", strconv.Itoa(len(f.Content)))

	if fault.Kind == FaultCut {
		_, _ = w.Write(f.Content[:len(f.Content)/2])
		panic(http.ErrAbortHandler)
	}

	_, _ = w.Write(f.Content)
}

// serveAttend serves POST /attend. The body is the id of the last message that was read.
func (p *Provider) serveAttend(w http.ResponseWriter, r *http.Request) {
	var last string
	if err := json.NewDecoder(r.Body).Decode(&last); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.attended = append(p.attended, last)
	p.changed.Poke()
	w.WriteHeader(http.StatusNoContent)
}

// Fetch implements channels.Fetcher.
func (c *Channel) Fetch(ctx context.Context, ref string) (channels.Fetched, error) {
	resp, err := c.call(ctx, http.MethodGet, "/file?ref="+url.QueryEscape(ref), nil)
	if err != nil {
		return channels.Fetched{}, &channels.SendError{Class: channels.Retry, Text: "The provider can't be reached.", Cause: err}
	}

	switch resp.StatusCode {
	case http.StatusOK:
		return channels.Fetched{ContentType: resp.Header.Get("Content-Type"), Body: resp.Body}, nil
	case http.StatusNotFound:
		_ = resp.Body.Close()
		return channels.Fetched{}, &channels.SendError{Class: channels.BadContent, Text: "The provider doesn't have it any more."}
	}

	_ = resp.Body.Close()
	return channels.Fetched{}, &channels.SendError{Class: channels.Retry, Text: "The provider is busy."}
}

// Attend implements channels.Attendant.
func (c *Channel) Attend(ctx context.Context, _ channels.Party, last string) error {
	resp, err := c.call(ctx, http.MethodPost, "/attend", last)
	if err != nil {
		return fmt.Errorf("channelstest: attend: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusNoContent {
		return fmt.Errorf("channelstest: attend: the provider answered %s", resp.Status)
	}
	return nil
}

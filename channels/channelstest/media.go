package channelstest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"parley/channels"
)

// PutFile lets the provider keep a file until it is fetched by ref.
func (p *Provider) PutFile(ref string, f File) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.files == nil {
		p.files = map[string]File{}
	}
	p.files[ref] = f
}

// ForgetFiles lets the provider lose all files that it keeps.
func (p *Provider) ForgetFiles() {
	p.mu.Lock()
	defer p.mu.Unlock()
	clear(p.files)
}

// Fetched returns the refs that were asked for, in order, each time.
func (p *Provider) Fetched() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.fetched)
}

// Attended returns the ids of customers' messages that somebody attends to.
func (p *Provider) Attended() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.seen)
}

func (p *Provider) serveFile(w http.ResponseWriter, r *http.Request) {
	ref := r.URL.Query().Get("ref")
	p.mu.Lock()
	p.fetched = append(p.fetched, ref)
	f, known := p.files[ref]
	p.signalChange()
	p.mu.Unlock()
	fault := p.takeFault(ref, func(f Fault) bool { return f.File })
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
	case FaultNone:
		if !known {
			w.WriteHeader(http.StatusNotFound)
			return
		}
	case FaultGone:
		w.WriteHeader(http.StatusNotFound)
		return
	case FaultRefuse:
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	case FaultDropBefore:
		panic(http.ErrAbortHandler)
	default: // of messages, or FaultCut
	}

	w.Header().Set("Content-Type", f.Type)
	w.Header().Set("Content-Length", strconv.Itoa(len(f.Content)))

	if fault.Kind == FaultCut {
		_, _ = w.Write(f.Content[:len(f.Content)/2])
		panic(http.ErrAbortHandler)
	}

	_, _ = w.Write(f.Content)
}

func (p *Provider) serveAttend(w http.ResponseWriter, r *http.Request) {
	var last string
	if err := json.NewDecoder(r.Body).Decode(&last); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.seen = append(p.seen, last)
	p.signalChange()
	w.WriteHeader(http.StatusNoContent)
}

// Fetch implements channels.Fetcher.
func (c *Channel) Fetch(ctx context.Context, ref string) (channels.Fetched, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base+"/file?ref="+url.QueryEscape(ref), nil)
	if err != nil {
		return channels.Fetched{}, fmt.Errorf("channelstest: fetch: %w", err)
	}

	resp, err := c.client.Do(req)
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
	body, err := json.Marshal(last)
	if err != nil {
		return fmt.Errorf("channelstest: attend: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+"/attend", bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("channelstest: attend: %w", err)
	}
	resp, err := c.client.Do(req)
	if err != nil {
		return fmt.Errorf("channelstest: attend: %w", err)
	}
	return resp.Body.Close()
}

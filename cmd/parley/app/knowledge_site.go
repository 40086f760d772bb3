package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"time"

	"parley/channels"
	"parley/channels/wire"
	"parley/store"
)

const (
	requestTimeout = 20 * time.Second
	maxRedirects   = 5
)

// readSite reads the web page that an admin named. What was stored of it is kept while it can't be read, and goes when the
// page is gone. Addresses inside the company's network are refused, unless a super-admin named the page.
func (v *visit) readSite(ctx context.Context) error {
	page, err := url.Parse(v.place.Place)
	if err != nil {
		v.note("This isn't an address.")
		return nil
	}
	dialer := wire.New()
	if v.place.Inside {
		dialer = wire.New(page.Host)
	}
	client := wire.NewClient(wire.Options{Answer: requestTimeout, Dialer: dialer, Follow: followFew})
	defer client.CloseIdleConnections()

	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, page.String(), nil)
	if err != nil {
		return err
	}
	r.Header.Set("User-Agent", "Parley (reads what its owner's help desk may quote)")
	r.Header.Set("Accept", "text/html, text/markdown, text/plain")
	known := v.known[v.place.Place]
	if known.ETag != "" {
		r.Header.Set("If-None-Match", known.ETag)
	}

	resp, err := client.Do(r)
	if err != nil {
		v.note("The page can't be read: " + reasonOf(err))
		return nil
	}
	defer func() { _ = resp.Body.Close() }()
	switch {
	case resp.StatusCode == http.StatusNotModified && known.Address != "":
		v.present = append(v.present, known.Address)
		return nil
	case resp.StatusCode == http.StatusNotFound || resp.StatusCode == http.StatusGone:
		v.note(fmt.Sprintf("The page is gone: the site answers %d.", resp.StatusCode))
		v.isGone = true
		return nil
	case resp.StatusCode != http.StatusOK:
		v.note(fmt.Sprintf("The page can't be read now: the site answers %d.", resp.StatusCode))
		return nil
	}

	raw, err := io.ReadAll(io.LimitReader(resp.Body, maxPageBytes))
	if err != nil {
		v.note("The page can't be read: " + reasonOf(err))
		return nil
	}
	contentType := resp.Header.Get("Content-Type")
	title, text := "", decodeText(raw, contentType)
	switch kind, _, _ := mime.ParseMediaType(contentType); kind { // "" if invalid
	case "text/html", "application/xhtml+xml":
		title, text = readHTML(text)
	case "text/plain", "text/markdown":
	default:
		v.note("The page is no text.")
		return nil
	}
	p := store.KnowledgePage{Address: v.place.Place, ETag: clean(resp.Header.Get("ETag"))}
	return v.keep(ctx, p, cmp.Or(title, page.Host+page.Path), text)
}

// followFew implements http.Client.CheckRedirect. What another host says isn't what the admin named, such as a page to sign in at.
func followFew(r *http.Request, via []*http.Request) error {
	if r.URL.Host != via[0].URL.Host || r.URL.Scheme == "http" && via[0].URL.Scheme == "https" {
		return fmt.Errorf("it leads to %s://%s: name that address instead", r.URL.Scheme, r.URL.Host)
	}
	if len(via) > maxRedirects {
		return errors.New("it leads in a circle")
	}
	return nil
}

// reasonOf describes for admins why a request failed, without the address, which may be long.
func reasonOf(err error) string {
	if u, ok := errors.AsType[*url.Error](err); ok {
		err = u.Err
	}
	if errors.Is(err, channels.ErrPrivateAddress) {
		return "it is inside of your network, and a super-admin has to name it: take it out, and let one add it anew."
	}
	return err.Error()
}

package knowledge

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"parley/channels"
	"parley/channels/fence"
	"parley/channels/pause"
	"parley/store/knowledge"
)

const (
	requestTimeout = 20 * time.Second
	maxRedirects   = 5
	maxRobotsBytes = 500 << 10
	maxLinks       = 2000         // per page
	maxQueued      = 4 * maxPages // addresses per site; many of them aren't pages with text
)

// Reasons for not following a redirect.
var (
	errElsewhere = errors.New("it leads to another site, or out of the folder")
	errCircle    = errors.New("it leads in a circle")
	errForbidden = errors.New("robots.txt asks not to read it")
)

// crawl is a visit to a web site. It starts at the page that an admin configured, such as https://acme.test/help/, obeys
// robots.txt, and follows links to pages of the same host in the same folder or below it (/help/…), one request at a
// time. It records in visit.present each page that still exists; the stored pages of earlier visits that aren't in it
// are removed afterwards. A page that can't be read at the moment therefore counts as present.
//
// All addresses are in the form that normaliseAddress returns.
type crawl struct {
	*visit

	start    *url.URL // the page that the admin configured
	client   *http.Client
	rules    rules           // from the site's robots.txt
	lastEnd  time.Time       // when the latest request ended; zero before the first
	queue    []string        // pages to read
	queued   map[string]bool // all pages ever queued in this visit, and the targets of their redirects
	failures int             // how many pages failed temporarily, for example by a timeout
}

// readSite reads a web site: see crawl.
func (v *visit) readSite(ctx context.Context) error {
	start, err := url.Parse(v.place.Place)
	if err != nil {
		v.note("This isn't an address.")
		return nil
	}

	start.Host = asciiHost(start)
	c := &crawl{visit: v, start: start, queued: map[string]bool{}}
	c.client = fence.NewClient(fence.Options{
		Answer: requestTimeout, Dialer: newDialer(start.Host, v.place.Inside), Follow: c.checkRedirect,
	})
	defer c.client.CloseIdleConnections()

	if ok := c.readRobots(ctx); !ok {
		return ctx.Err()
	}
	if !c.rules.isAllowed(start.RequestURI()) {
		c.note("Its robots.txt asks not to read this page, from which the others are found.")
		c.isForbidden = true
		return ctx.Err()
	}

	c.enqueue([]string{normaliseAddress(start)})
	for len(c.queue) > 0 {
		if err := c.readNext(ctx); err != nil {
			return err
		}
	}
	if c.failures > 0 {
		return c.readUnlinked(ctx)
	}

	return ctx.Err()
}

// readNext reads the next page of the queue, and may queue others.
func (c *crawl) readNext(ctx context.Context) error {
	if err := c.checkRoom(); err != nil {
		return err
	}
	address := c.queue[0]
	c.queue = c.queue[1:]
	return c.readPage(ctx, address)
}

// readUnlinked reads the stored pages that no link led to in this visit. It is called after a page failed, because that
// page may be the only one that links to them. (The stored links can't answer that: a link may reach a page through
// a redirect, or be on a page that isn't stored.) If another page fails, the site is probably down, and the remaining
// pages are kept without being read.
func (c *crawl) readUnlinked(ctx context.Context) error {
	c.enqueue(slices.Sorted(maps.Keys(c.known)))
	failuresBefore := c.failures
	for len(c.queue) > 0 && c.failures == failuresBefore {
		if err := c.readNext(ctx); err != nil {
			return err
		}
	}

	for _, address := range c.queue {
		if _, isKnown := c.known[address]; isKnown {
			c.present = append(c.present, address)
		}
	}

	return ctx.Err()
}

// checkRedirect implements http.Client.CheckRedirect. It allows redirects only to pages that may be read. The start page and
// robots.txt may be redirected to any folder of the site.
func (c *crawl) checkRedirect(r *http.Request, via []*http.Request) error {
	if len(via) > maxRedirects {
		return errCircle
	}
	asked := via[0].URL
	hasMoved := asked.Path == robotsPath || normaliseAddress(asked) == normaliseAddress(c.start)
	mayLeadThere := hasMoved || c.isInFolder(r.URL)
	if !c.isOnSite(r.URL) || !mayLeadThere {
		return errElsewhere
	}
	if !c.rules.isAllowed(r.URL.RequestURI()) {
		return errForbidden
	}
	return nil
}

// readRobots reads the site's robots.txt. If it can't be read, it notes the reason and returns false: no page may be read.
func (c *crawl) readRobots(ctx context.Context) (ok bool) {
	got, err := c.get(ctx, c.start.ResolveReference(&url.URL{Path: robotsPath}).String(), knowledge.Page{}, maxRobotsBytes)
	if err != nil {
		c.note("The site can't be reached: " + reasonOf(err))
		return false
	}
	if got.isTemporary() {
		c.note(fmt.Sprintf("Its robots.txt can't be read now: the site answers %d.", got.status))
		return false
	}
	if got.status == http.StatusOK { // otherwise there is no robots.txt, and everything is allowed
		c.rules = parseRobots(string(got.body))
	}
	return true
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

// answer is a site's response to one request.
type answer struct {
	status int
	header http.Header
	from   *url.URL // the final address, after redirects
	body   []byte   // truncated to get's maxBytes
}

// isTemporary reports whether the same request may succeed later.
func (a answer) isTemporary() bool {
	return a.status >= http.StatusInternalServerError || a.status == http.StatusTooManyRequests
}

// get sends one request, after the required pause since the previous one. known is the stored page, or zero: if the page hasn't
// changed since, the response is 304 without a body. At most maxBytes of the body are read.
func (c *crawl) get(ctx context.Context, address string, known knowledge.Page, maxBytes int64) (answer, error) {
	wait := max(c.r.opt.Pause, c.rules.delay)
	if !c.lastEnd.IsZero() && !pause.For(ctx, wait-time.Since(c.lastEnd)) {
		return answer{}, ctx.Err()
	}
	defer func() { c.lastEnd = time.Now() }() //nolint:forbidigo // only for the pause before the next request
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return answer{}, err
	}

	r.Header.Set("User-Agent", agentName+" (reads what its owner's help desk may quote)")
	r.Header.Set("Accept", "text/html, text/markdown, text/plain")

	if known.ETag != "" {
		r.Header.Set("If-None-Match", known.ETag)
	}
	if known.Modified != "" {
		r.Header.Set("If-Modified-Since", known.Modified)
	}

	resp, err := c.client.Do(r)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxBytes))
	return answer{status: resp.StatusCode, header: resp.Header, from: resp.Request.URL, body: body}, err
}

// readPage reads one page, stores it, and queues the pages that it links to. The stored page is kept if the page hasn't
// changed or can't be read at the moment, and removed if the page is gone or has moved to another site.
func (c *crawl) readPage(ctx context.Context, address string) error {
	if err := c.renewLease(ctx); err != nil {
		return err
	}

	known := c.known[address]
	got, err := c.get(ctx, address, known, maxPageBytes)

	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		c.noteFailure(address, known, err)
		return nil
	case got.status == http.StatusNotModified && known.Address != "":
		c.keepUnread(known)
		c.enqueue(known.Links)
		return nil
	case got.isTemporary():
		c.note(fmt.Sprintf("%s can't be read now: the site answers %d.", address, got.status))
		c.failures++
		c.keepUnread(known)
		return nil
	case got.status != http.StatusOK: // not reported for other pages: a dead link isn't a mistake of the admin
		if address == normaliseAddress(c.start) {
			c.note(fmt.Sprintf("The site answers %d.", got.status))
		}
		return nil
	}

	c.bytes += len(got.body)
	final := normaliseAddress(got.from) // differs from address after a redirect
	if final != address && !c.claimFinal(address, final) {
		return nil
	}
	return c.readAnswer(ctx, final, got)
}

// noteFailure reports that a page could not be read. The stored page is kept, unless the address redirects to another site.
func (c *crawl) noteFailure(address string, known knowledge.Page, err error) {
	c.note(address + " can't be read: " + reasonOf(err))
	if errors.Is(err, errElsewhere) {
		return
	}
	isPermanent := errors.Is(err, errCircle) || errors.Is(err, errForbidden)
	if !isPermanent {
		c.failures++
	}
	c.keepUnread(known)
}

// claimFinal marks the target of a redirect as queued. It returns false if it was queued before, or can't be stored.
func (c *crawl) claimFinal(address, final string) bool {
	if c.queued[final] {
		return false
	}
	if !c.canKeep(final) {
		c.note(address + " leads to an address that can't be stored: it is too long, or is no UTF-8.")
		return false
	}
	c.queued[final] = true
	return true
}

// keepUnread keeps a stored page without reading it. It does nothing if the page was never stored.
func (c *crawl) keepUnread(known knowledge.Page) {
	if known.Address != "" {
		c.present = append(c.present, known.Address)
	}
}

// readAnswer stores the page in a response, and queues its links. It skips pages that aren't text or ask not to be indexed.
func (c *crawl) readAnswer(ctx context.Context, address string, got answer) error {
	kind, _, _ := mime.ParseMediaType(got.header.Get("Content-Type")) // "" if invalid, which counts as not text
	p := knowledge.Page{Address: address, ETag: clean(got.header.Get("ETag")), Modified: clean(got.header.Get("Last-Modified"))}
	title, text := c.titleOf(address), ""
	switch kind {
	case "text/html", "application/xhtml+xml":
		doc := readHTML(decodeText(got.body, got.header.Get("Content-Type")))
		links, isWhole := c.linksBelow(doc.baseAt(got.from), doc.links)
		if !isWhole {
			p.ETag, p.Modified = "", "" // the next visit reads the page again, and reports the links again
		}

		p.Links = links
		c.enqueue(links)
		if doc.noIndex {
			return nil
		}

		text = doc.text
		title = cmp.Or(doc.title, title)
	case "text/plain", "text/markdown":
		text = decodeText(got.body, got.header.Get("Content-Type"))
	default:
		return nil
	}

	if headerAsksNoIndex(got.header) {
		return nil
	}
	c.present = append(c.present, address)
	return c.keep(ctx, p, clean(title), clean(text))
}

// titleOf returns a title for a page that has none: its address without "https://".
func (c *crawl) titleOf(address string) string {
	return strings.TrimPrefix(address, c.start.Scheme+"://")
}

// linksBelow returns the links, relative to base, that lead to the start page's folder or below it, without duplicates and at most
// maxLinks. isWhole is false if a link was left out, and reported, because it can't be stored.
func (c *crawl) linksBelow(base *url.URL, links []string) (list []string, isWhole bool) {
	isWhole = true
	for _, link := range links {
		target, err := base.Parse(strings.TrimSpace(link))
		if err != nil || !c.isOnSite(target) {
			continue
		}

		address := normaliseAddress(target)
		if !c.isInFolder(target) || len(list) >= maxLinks || slices.Contains(list, address) {
			continue
		}
		if !c.canKeep(address) {
			c.note("A link is left out that can't be stored: its address is too long, or is no UTF-8.")
			isWhole = false
			continue
		}

		list = append(list, address)
	}

	return list, isWhole
}

// isOnSite reports whether an address has the scheme and host of the start page.
func (c *crawl) isOnSite(u *url.URL) bool {
	return u.Scheme == c.start.Scheme && asciiHost(u) == asciiHost(c.start)
}

// isInFolder reports whether an address on the site is in the start page's folder or below it. After parsing, a path has ".."
// only if that was escaped (%2e%2e). Some servers still follow it, so it counts as leading out of the folder.
func (c *crawl) isInFolder(u *url.URL) bool {
	folder := c.start.Path[:strings.LastIndex(c.start.Path, "/")+1]
	return strings.HasPrefix(u.Path, folder) && !slices.Contains(strings.Split(u.Path, "/"), "..")
}

// enqueue queues the pages for which mayQueue returns true.
func (c *crawl) enqueue(pages []string) {
	for _, address := range pages {
		if c.mayQueue(address) {
			c.queued[address] = true
			c.queue = append(c.queue, address)
		}
	}
}

// mayQueue reports whether robots.txt allows a page, it can be stored, it wasn't queued before, and fewer than maxQueued were.
func (c *crawl) mayQueue(address string) bool {
	u, err := url.Parse(address)
	if err != nil || c.queued[address] || !c.canKeep(address) {
		return false
	}
	return len(c.queued) < maxQueued && c.rules.isAllowed(u.RequestURI())
}

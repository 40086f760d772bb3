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

	"golang.org/x/net/html/charset"

	"parley/channels"
	"parley/channels/fence"
	"parley/channels/pause"
	"parley/store/knowledge"
)

const (
	requestTimeout = 20 * time.Second // for one request
	maxRedirects   = 5
	maxRobotsBytes = 500 << 10    // bytes of a robots.txt
	maxLinks       = 2000         // of a page
	maxQueued      = 4 * maxPages // addresses of a site: many are no pages with text
)

// Why a redirect isn't followed.
var (
	errElsewhere = errors.New("it leads to another site, or out of the folder")
	errCircle    = errors.New("it leads in a circle")
	errForbidden = errors.New("robots.txt asks not to read it")
)

// crawl is a visit to a web site: it begins at one page and follows links. Addresses are as normaliseAddress writes
// them.
type crawl struct {
	*visit

	start    *url.URL        // the page that the admin named
	client   *http.Client    // follows redirects as checkRedirect says
	rules    rules           // of the site's robots.txt
	lastEnd  time.Time       // when the latest request ended; zero before the first
	queue    []string        // pages that are still to be read
	queued   map[string]bool // all pages that were in the queue in this visit, or to which one of them redirected
	failures int             // how many addresses failed for a reason that may pass, such as a timeout
}

// readSite reads a web site, from the page that the admin named. It follows links to pages of the same host in the same
// folder, or below it.
func (v *visit) readSite(ctx context.Context) error {
	start, err := url.Parse(v.place.Place)
	if err != nil {
		v.note("This isn't an address.")
		return nil
	}

	c := &crawl{visit: v, start: start, queued: map[string]bool{}}
	c.client = fence.NewClient(fence.Options{
		Answer: requestTimeout, Dialer: newDialer(start.Host, v.place.Inside), Follow: c.checkRedirect,
	})
	defer c.client.CloseIdleConnections()

	if ok := c.readRobots(ctx); !ok {
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

// readNext reads the next page of the queue, and may add others to it.
func (c *crawl) readNext(ctx context.Context) error {
	if err := c.checkRoom(); err != nil {
		return err
	}
	address := c.queue[0]
	c.queue = c.queue[1:]
	return c.readPage(ctx, address)
}

// readUnlinked reads the stored pages to which no link led in this visit. It is called when a page could not be
// read, since perhaps only that page links to them. (Stored links don't say so: a link may lead to a page by a
// redirect, or stand on a page that isn't stored.) If another page can't be read, the site is down, and the rest is
// kept without being read.
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

// checkRedirect allows a redirect only to a page that may be read. The page that the admin named, and robots.txt,
// may be redirected to any folder of the site.
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

// readRobots reads what the site allows. If that can't be read now, it notes why and returns false: then nothing may be read.
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
	if got.status == http.StatusOK { // a site without a robots.txt allows everything
		c.rules = parseRobots(string(got.body))
	}
	return true
}

// reasonOf says for people why a request failed, without the address, which may be long.
func reasonOf(err error) string {
	if u, ok := errors.AsType[*url.Error](err); ok {
		err = u.Err
	}
	if errors.Is(err, channels.ErrPrivateAddress) {
		return "it is inside of your network, and a super-admin has to name it: take it out, and let one add it anew."
	}
	return err.Error()
}

// answer is what a site answered.
type answer struct {
	status int
	header http.Header
	from   *url.URL // the address that answered, after redirects
	body   []byte   // its beginning, if it is longer than was asked for
}

// isTemporary reports whether the site can't answer now, but may later.
func (a answer) isTemporary() bool {
	return a.status >= http.StatusInternalServerError || a.status == http.StatusTooManyRequests
}

// get makes one request, a pause after the one before. known is the page as it was read before, zero if it wasn't: if it hasn't
// changed since, the site answers 304. At most maxBytes of the body are returned.
func (c *crawl) get(ctx context.Context, address string, known knowledge.Page, maxBytes int64) (answer, error) {
	wait := max(c.r.opt.Pause, c.rules.delay)
	if !c.lastEnd.IsZero() && !pause.For(ctx, wait-time.Since(c.lastEnd)) {
		return answer{}, ctx.Err()
	}
	defer func() { c.lastEnd = time.Now() }() //nolint:forbidigo // only for the pause before the next one
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

// readPage reads one page, stores it, and queues the pages to which it links. A page that hasn't changed since it was read before,
// or can't be read now, is kept as it was. A page that is gone, or has moved to another site, is not.
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
	case got.status != http.StatusOK: // a link that leads nowhere is no fault of the set-up
		if address == normaliseAddress(c.start) {
			c.note(fmt.Sprintf("The site answers %d.", got.status))
		}
		return nil
	}

	c.bytes += len(got.body)
	final := normaliseAddress(got.from) // another one after a redirect: the page is stored by it
	if final != address && !c.claimFinal(address, final) {
		return nil
	}
	return c.readAnswer(ctx, final, got)
}

// noteFailure notes that a page could not be read, and keeps it as it was read before, unless it leads to another site now.
func (c *crawl) noteFailure(address string, known knowledge.Page, err error) {
	c.note(address + " can't be read: " + reasonOf(err))
	if errors.Is(err, errElsewhere) {
		return
	}
	isLasting := errors.Is(err, errCircle) || errors.Is(err, errForbidden) // the next visit finds the same
	if !isLasting {
		c.failures++
	}
	c.keepUnread(known)
}

// claimFinal reports whether the page to which an address was redirected is to be stored: it can be, and was not queued in this
// visit. It counts as queued from now on.
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

// keepUnread keeps a page that can't be read now as it was read before, unless it never was.
func (c *crawl) keepUnread(known knowledge.Page) {
	if known.Address != "" {
		c.present = append(c.present, known.Address)
	}
}

// readAnswer stores the page that a site answered, and queues the pages to which it links. It leaves out pages that are no
// text, or want to be in no index.
func (c *crawl) readAnswer(ctx context.Context, address string, got answer) error {
	kind, _, _ := mime.ParseMediaType(got.header.Get("Content-Type")) // an unreadable type is "", which is no text
	p := knowledge.Page{Address: address, ETag: clean(got.header.Get("ETag")), Modified: clean(got.header.Get("Last-Modified"))}
	title, text := c.titleOf(address), ""
	switch kind {
	case "text/html", "application/xhtml+xml":
		d := readHTML(decodeBody(got.body, got.header.Get("Content-Type")))
		links, isWhole := c.linksBelow(got.from, d.links)
		if !isWhole {
			p.ETag, p.Modified = "", "" // so that the next visit reads the page, and notes it again
		}

		p.Links = links
		c.enqueue(links)
		if d.noIndex {
			return nil
		}

		text = d.text
		title = cmp.Or(d.title, title)
	case "text/plain", "text/markdown":
		text = decodeBody(got.body, got.header.Get("Content-Type"))
	default:
		return nil
	}

	c.present = append(c.present, address)
	return c.keep(ctx, p, clean(title), clean(text))
}

// decodeBody returns a body as UTF-8. A body in a character set that nobody knows counts as UTF-8.
func decodeBody(body []byte, contentType string) string {
	if r, err := charset.NewReader(strings.NewReader(string(body)), contentType); err == nil {
		if text, err := io.ReadAll(r); err == nil {
			return clean(string(text))
		}
	}
	return clean(string(body))
}

// titleOf names a page that has no title: by its address, without "https://".
func (c *crawl) titleOf(address string) string {
	return strings.TrimPrefix(address, c.start.Scheme+"://")
}

// linksBelow returns the addresses of a page's links, each once, that lead into the folder of the page that the admin named, or
// below it. Links beyond maxLinks are left out. isWhole is false if a link is left out, with a note, because it can't be stored.
func (c *crawl) linksBelow(page *url.URL, links []string) (list []string, isWhole bool) {
	isWhole = true
	for _, link := range links {
		target, err := page.Parse(strings.TrimSpace(link))
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

// isOnSite reports whether an address belongs to the host that the admin named, by the same protocol.
func (c *crawl) isOnSite(u *url.URL) bool {
	return u.Scheme == c.start.Scheme && strings.EqualFold(u.Host, c.start.Host)
}

// isInFolder reports whether an address on the site leads into the folder of the page that the admin named, or below it. A path
// still has ".." in it only where that was escaped; as servers may follow it, it leads out.
func (c *crawl) isInFolder(u *url.URL) bool {
	folder := c.start.Path[:strings.LastIndex(c.start.Path, "/")+1]
	return strings.HasPrefix(u.Path, folder) && !slices.Contains(strings.Split(u.Path, "/"), "..")
}

// normaliseAddress writes an address in the form in which pages are compared: without a user, without the part behind "#", which
// leads to a place on the page, with the host in lower case and at least "/" as its path.
func normaliseAddress(u *url.URL) string {
	c := *u
	c.Fragment, c.RawFragment = "", ""
	c.User = nil
	c.Host = strings.ToLower(c.Host)
	c.Path = cmp.Or(c.Path, "/")
	return c.String()
}

// enqueue queues pages that may be read and were not queued before, up to maxQueued.
func (c *crawl) enqueue(pages []string) {
	for _, address := range pages {
		if c.mayQueue(address) {
			c.queued[address] = true
			c.queue = append(c.queue, address)
		}
	}
}

// mayQueue reports whether a page may be read and was not queued before.
func (c *crawl) mayQueue(address string) bool {
	u, err := url.Parse(address)
	if err != nil || c.queued[address] || !c.canKeep(address) {
		return false
	}
	return len(c.queued) < maxQueued && c.rules.isAllowed(u.RequestURI())
}

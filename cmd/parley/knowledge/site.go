package knowledge

import (
	"context"
	"errors"
	"fmt"
	"io"
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
	pageTime      = 20 * time.Second // for one request
	mostRedirects = 5
	mostRobots    = 500 << 10 // bytes of a robots.txt
	mostLinks     = 2000      // of a page
)

// errElsewhere is the error of a redirect to another site.
var errElsewhere = errors.New("it leads to another site")

// crawl is a visit to a web site.
type crawl struct {
	*visit
	start  *url.URL
	client *http.Client
	rules  rules
	last   time.Time // of the latest request
	queue  []string
	queued map[string]bool
}

// site reads a web site, from the page that the admin named: pages below the same folder of the same host.
func (v *visit) site(ctx context.Context) error {
	start, err := url.Parse(v.place.Place)
	if err != nil {
		v.note("This is no address.")
		return nil
	}
	c := &crawl{visit: v, start: start, queued: map[string]bool{}}
	c.client = fence.NewClient(fence.Options{Answer: pageTime, Dialer: dialer(start.Host, v.place.Inside), Follow: c.follow})
	defer c.client.CloseIdleConnections()
	if ok := c.robots(ctx); !ok {
		return ctx.Err()
	}
	c.add([]string{canonical(start)})
	for len(c.queue) > 0 {
		if err := c.room(); err != nil {
			return err
		}
		at := c.queue[0]
		c.queue = c.queue[1:]
		if err := c.page(ctx, at); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// follow lets a redirect lead to a page that may be read, and nowhere else.
func (c *crawl) follow(r *http.Request, via []*http.Request) error {
	if len(via) > mostRedirects {
		return errors.New("it leads in a circle")
	}
	if r.URL.Scheme != c.start.Scheme || !strings.EqualFold(r.URL.Host, c.start.Host) {
		return errElsewhere
	}
	if !c.rules.allows(r.URL.RequestURI()) {
		return errors.New("robots.txt asks not to read it")
	}
	return nil
}

// robots reads what the site allows; false where nobody can tell now: then nothing is read.
func (c *crawl) robots(ctx context.Context) bool {
	got, err := c.get(ctx, c.start.ResolveReference(&url.URL{Path: "/robots.txt"}).String(), knowledge.Page{}, mostRobots)
	switch {
	case err != nil:
		c.note("The site can't be reached: " + why(err))
		return false
	case got.status >= 500 || got.status == http.StatusTooManyRequests:
		c.note(fmt.Sprintf("Its robots.txt can't be read now: the site answers %d.", got.status))
		return false
	case got.status == http.StatusOK:
		c.rules = readRobots(string(got.body))
	}
	return true
}

// why says what went wrong without the address, which may be long.
func why(err error) string {
	var u *url.Error
	if errors.As(err, &u) {
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
	from   *url.URL // after redirects
	body   []byte
}

// get makes one request, a pause after the one before, and gives at most so many bytes of its answer.
func (c *crawl) get(ctx context.Context, at string, known knowledge.Page, most int64) (answer, error) {
	wait := max(c.r.opt.Pause, c.rules.delay)
	if !c.last.IsZero() && !pause.For(ctx, wait-time.Since(c.last)) {
		return answer{}, ctx.Err()
	}
	defer func() { c.last = time.Now() }() //nolint:forbidigo // only for the pause before the next one
	ctx, cancel := context.WithTimeout(ctx, pageTime)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, at, nil)
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
	body, err := io.ReadAll(io.LimitReader(resp.Body, most))
	return answer{status: resp.StatusCode, header: resp.Header, from: resp.Request.URL, body: body}, err
}

// page reads one page, unless it is as it was, and notes where it leads.
func (c *crawl) page(ctx context.Context, at string) error {
	known := c.known[at]
	got, err := c.get(ctx, at, known, mostBytes)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		c.note(at + " can't be read: " + why(err))
		if known.Address != "" && !errors.Is(err, errElsewhere) {
			c.there = append(c.there, at) // what was read before is better than nothing
		}
		return nil
	case got.status == http.StatusNotModified && known.Address != "":
		c.there = append(c.there, at)
		c.add(known.Links)
		return nil
	case got.status >= 500 || got.status == http.StatusTooManyRequests:
		c.note(fmt.Sprintf("%s can't be read now: the site answers %d.", at, got.status))
		if known.Address != "" {
			c.there = append(c.there, at)
		}
		return nil
	case got.status != http.StatusOK:
		if at == canonical(c.start) {
			c.note(fmt.Sprintf("The site answers %d.", got.status))
		}
		return nil
	}
	c.bytes += len(got.body)
	if final := canonical(got.from); final != at { // a redirect: the page counts where it is
		if c.queued[final] {
			return nil
		}
		c.queued[final], at = true, final
	}
	kind, _, _ := mime.ParseMediaType(got.header.Get("Content-Type"))
	p := knowledge.Page{Address: at, ETag: clean(got.header.Get("ETag")), Modified: clean(got.header.Get("Last-Modified"))}
	title, text := c.title(at), ""
	switch kind {
	case "text/html", "application/xhtml+xml":
		d := readHTML(decoded(got.body, got.header.Get("Content-Type")))
		p.Links = c.below(got.from, d.links)
		c.add(p.Links)
		if d.hidden {
			return nil
		}
		if text = d.text; d.title != "" {
			title = d.title
		}
	case "text/plain", "text/markdown":
		text = decoded(got.body, got.header.Get("Content-Type"))
	default:
		return nil
	}
	c.there = append(c.there, at)
	return c.keep(ctx, p, clean(title), clean(text))
}

// decoded returns a body as UTF-8.
func decoded(body []byte, contentType string) string {
	if r, err := charset.NewReader(strings.NewReader(string(body)), contentType); err == nil {
		if text, err := io.ReadAll(r); err == nil {
			return clean(string(text))
		}
	}
	return clean(string(body))
}

func (c *crawl) title(at string) string { return strings.TrimPrefix(at, c.start.Scheme+"://") }

// below returns those of a page's links that lead to pages of the place.
func (c *crawl) below(page *url.URL, links []string) []string {
	folder := c.start.Path[:strings.LastIndex(c.start.Path, "/")+1]
	var list []string
	for _, l := range links {
		to, err := page.Parse(strings.TrimSpace(l))
		if err != nil || to.Scheme != c.start.Scheme || !strings.EqualFold(to.Host, c.start.Host) || !strings.HasPrefix(to.Path, folder) {
			continue
		}
		if at := canonical(to); !slices.Contains(list, at) && len(list) < mostLinks {
			list = append(list, at)
		}
	}
	return list
}

// canonical writes an address without what leads to a place on its page.
func canonical(u *url.URL) string {
	c := *u
	c.Fragment, c.RawFragment, c.User, c.Host = "", "", nil, strings.ToLower(c.Host)
	if c.Path == "" {
		c.Path = "/"
	}
	return c.String()
}

// add queues pages that may be read and are not queued yet.
func (c *crawl) add(pages []string) {
	for _, at := range pages {
		u, err := url.Parse(at)
		if err != nil || c.queued[at] || len(c.queued) >= 4*mostPages || !c.rules.allows(u.RequestURI()) {
			continue
		}
		c.queued[at] = true
		c.queue = append(c.queue, at)
	}
}

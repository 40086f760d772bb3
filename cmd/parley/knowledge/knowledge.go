// Package knowledge reads the folders and web sites that suggested replies may draw on: Markdown, plain text and
// HTML, split into sections at their headings. For example, an admin adds https://acme.test/help; the Reader fetches its
// pages, and "Returns: Deadlines" becomes a section that a reply about a late return may quote.
//
// Sites are read politely: robots.txt is obeyed, requests are sent one at a time with a pause between them, and
// unchanged pages aren't downloaded again.
//
// What does not belong here: storing and searching sections (store/knowledge), and writing replies from them
// (bridge/engine).
package knowledge

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"parley/bridge/analysis"
	"parley/channels/guard"
	"parley/channels/pause"
	"parley/store"
	"parley/store/knowledge"
)

const (
	lookEvery     = 10 * time.Second // how often Run looks for places that are due
	leaseFor      = time.Minute      // renewed before each page is stored
	maxPages      = 500              // per place
	maxPageBytes  = 1 << 20
	maxPlaceBytes = 30 << 20 // all pages of a place together
	maxKeyBytes   = 2500     // a place's name plus a page's address; PostgreSQL limits index entries to about 2700 bytes
)

// Options of a Reader.
type Options struct {
	Pool   *pgxpool.Pool
	Log    *slog.Logger
	Holder string        // identifies this process as the owner of leases in the database
	Every  time.Duration // the time between two visits to a place
	Pause  time.Duration // between two requests to a site; 0 means one second
	// Language detects the language of a text. It may return "".
	Language analysis.Analyzer
}

// Reader reads and stores the texts that suggested replies may draw on. Admins configure places, which are folders such
// as /srv/faq or web sites such as https://acme.test/help. A place has pages (files or web pages), and a page is split
// into sections at its headings. A visit reads all pages of one place; each place is visited every Options.Every.
type Reader struct{ opt Options }

// New makes a Reader.
func New(o Options) *Reader {
	o.Pause = cmp.Or(o.Pause, time.Second)
	return &Reader{opt: o}
}

// Run visits places as they become due, until ctx ends. If several processes share the database, a lease on each
// place ensures that only one of them reads it.
func (r *Reader) Run(ctx context.Context) error {
	for ctx.Err() == nil {
		err := r.Round(ctx)
		if err != nil && ctx.Err() == nil {
			r.opt.Log.Warn("knowledge was not read", "error", err)
		}
		pause.For(ctx, lookEvery)
	}
	return nil
}

// Round visits all places that are due. A page that can't be read isn't an error: it is stored as the place's problem,
// which admins see. If one place can't be stored, Round still visits the others and returns the error at the end.
func (r *Reader) Round(ctx context.Context) error {
	places, err := knowledge.DuePlaces(ctx, r.opt.Pool, r.opt.Every)
	if err != nil {
		return err
	}

	var failed error
	for _, p := range places {
		isMine, err := r.takeLease(ctx, p.Place)
		if err != nil {
			return errors.Join(failed, err)
		}
		if !isMine { // another process is working through the same list
			return failed
		}

		err = r.visitOrReport(ctx, p)
		failed = errors.Join(failed, err, store.DropLeases(ctx, r.opt.Pool, []string{leaseOf(p.Place)}, r.opt.Holder))
	}

	return failed
}

// visitOrReport visits one place. After a permanent failure it stores a problem and keeps the pages of earlier visits;
// the place is visited again when it is next due. After a temporary failure the next Round tries again.
func (r *Reader) visitOrReport(ctx context.Context, p knowledge.Place) error {
	read := (*visit).readFolder
	if p.IsSite() {
		read = (*visit).readSite
	}
	err := r.visit(ctx, p, read)
	isTemporary := store.IsLost(err) || store.IsConflict(err) || errors.Is(err, errTaken) || ctx.Err() != nil
	if err == nil || isTemporary {
		return err
	}
	const problem = "It could not be read to its end: an admin finds why in the log."
	return errors.Join(fmt.Errorf("knowledge: %s: %w", p.Place, err), r.finish(ctx, p, problem, nil))
}

// leaseOf returns the name of a place's lease.
func leaseOf(place string) string { return "knowledge:" + place }

// takeLease takes or renews the lease of a place, and reports whether this process has it.
func (r *Reader) takeLease(ctx context.Context, place string) (bool, error) {
	return store.TakeLease(ctx, r.opt.Pool, leaseOf(place), r.opt.Holder, leaseFor.Seconds())
}

// visit is the state of reading one place, by readFolder or readSite.
type visit struct {
	r        *Reader
	place    knowledge.Place
	known    map[string]knowledge.Page // the stored pages of earlier visits, by address
	present  []string                  // addresses of the pages that exist now; the others are removed
	bytes    int                       // total size of the pages read so far
	problems []string                  // what could not be read, in words for admins; the first one is shown

	isForbidden bool // the place asks not to be read: what was stored of it is removed
}

// errTaken ends a visit whose lease expired and was taken by another process.
var errTaken = errors.New("knowledge: the place is read by another process")

// errFull ends a visit that has reached maxPages or maxPlaceBytes.
var errFull = errors.New("knowledge: the place has more than is read of one")

// visit calls read, which stores the pages of a place, and then removes the pages that no longer exist and stores
// the problem, if there was one.
func (r *Reader) visit(ctx context.Context, p knowledge.Place, read func(*visit, context.Context) error) error {
	known, err := knowledge.Pages(ctx, r.opt.Pool, p.Place)
	if err != nil {
		return err
	}

	v := &visit{r: r, place: p, known: known, present: []string{}}
	err = read(v, ctx)
	if errors.Is(err, errFull) {
		v.note(fmt.Sprintf("Only %d pages or %d MB are read.", maxPages, maxPlaceBytes>>20))
		err = nil
	}
	if err != nil {
		return err
	}

	problem, present := "", v.present
	if len(v.problems) > 0 {
		problem = clean(v.problems[0])
		r.opt.Log.Warn("knowledge was not read completely", "place", p.Place, "problem", problem, "problems", len(v.problems))
	}
	if len(present) == 0 && problem != "" && !v.isForbidden {
		present = nil // keeps all stored pages: old texts are better than none
	}

	return r.finish(ctx, p, problem, present)
}

// finish stores the result of a visit. problem and present are as for knowledge.Finish.
func (r *Reader) finish(ctx context.Context, p knowledge.Place, problem string, present []string) error {
	return store.InTx(ctx, r.opt.Pool, func(tx pgx.Tx) error { return knowledge.Finish(ctx, tx, p.Place, problem, present) })
}

// note records a problem for admins.
func (v *visit) note(problem string) { v.problems = append(v.problems, problem) }

// checkRoom returns errFull if the place has reached its limits.
func (v *visit) checkRoom() error {
	if len(v.present) >= maxPages || v.bytes >= maxPlaceBytes {
		return errFull
	}
	return nil
}

// canKeep reports whether PostgreSQL can store and index a page with this address.
func (v *visit) canKeep(address string) bool {
	return len(v.place.Place)+len(address) <= maxKeyBytes && utf8.ValidString(address)
}

// renewLease renews the lease of the place. It returns errTaken if another process has it now.
func (v *visit) renewLease(ctx context.Context) error {
	isMine, err := v.r.takeLease(ctx, v.place.Place)
	if err == nil && !isMine {
		return errTaken
	}
	return err
}

// keep stores a page and its sections. text is Markdown.
func (v *visit) keep(ctx context.Context, p knowledge.Page, title, text string) error {
	if err := v.renewLease(ctx); err != nil {
		return err
	}
	p.Place = v.place.Place
	sections := cutSections(title, text)
	pageLanguage := v.r.languageOf(ctx, text)
	for i, s := range sections {
		sections[i].Language = cmp.Or(v.r.languageOf(ctx, s.Title+"\n"+s.Body), pageLanguage)
	}
	return store.InTx(ctx, v.r.opt.Pool, func(tx pgx.Tx) error { return knowledge.SavePage(ctx, tx, p, sections) })
}

// languageOf returns the language of a text, or "" if it can't be detected.
func (r *Reader) languageOf(ctx context.Context, text string) string {
	a, err := r.opt.Language.Analyze(ctx, analysis.Question{Burst: []analysis.Message{{Text: text}}})
	if err != nil {
		return "" // the page is useful without a language
	}
	return a.Language
}

// newDialer returns a dialer that refuses private addresses, except those of host if mayBeInside.
func newDialer(host string, mayBeInside bool) *guard.Dialer {
	if !mayBeInside {
		return guard.New()
	}
	return guard.New(host)
}

// Package knowledge reads the folders and web sites that suggested replies may draw on: Markdown, plain text and
// HTML, cut into sections by their headings. It reads politely: what robots.txt allows, one request at a time, with
// a pause between two, and only what has changed.
//
// What does not belong here: where sections are kept and found (store/knowledge), and what is made of them
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
	lookEvery     = 10 * time.Second // how often Run looks for places that are due or new
	leaseFor      = time.Minute      // of a place that is being read; renewed before each page
	maxPages      = 500              // of a place
	maxPageBytes  = 1 << 20          // of a page
	maxPlaceBytes = 30 << 20         // of all pages of a place
	maxKeyBytes   = 2500             // of a place's name and an address in it together: PostgreSQL's indexes take little more
)

// Options of a Reader.
type Options struct {
	Pool   *pgxpool.Pool
	Log    *slog.Logger
	Holder string        // the name of this process, under which it takes leases in the database
	Every  time.Duration // the time between two visits to a place
	Pause  time.Duration // between two requests to a site; 0 means a second
	// Language tells in which language a text is written, or "" if it doesn't know.
	Language analysis.Analyzer
}

// Reader reads what suggested replies may draw on, and stores it. An admin names places: folders, such as /srv/faq,
// or web sites, such as https://acme.test/help. A place has pages, which are files or web pages. A page is cut into
// sections at its headings, and the sections that fit a customer's question best are used for a suggested reply.
// Each place is read again every Options.Every; such a look through one place is a visit.
type Reader struct{ opt Options }

// New makes a Reader.
func New(o Options) *Reader {
	o.Pause = cmp.Or(o.Pause, time.Second)
	return &Reader{opt: o}
}

// Run reads places as they become due, until ctx ends. If several processes share the database, a lease for each
// place lets only one of them read it.
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

// Round visits the places that are due. What can't be read is noted as the place's problem, and is no error. If
// something of one place can't be stored, Round still visits the others, and returns the error at the end.
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
		if !isMine { // another process reads this place, and then those behind it
			return failed
		}

		err = r.readOrNote(ctx, p)
		failed = errors.Join(failed, err, store.DropLeases(ctx, r.opt.Pool, []string{leaseOf(p.Place)}, r.opt.Holder))
	}

	return failed
}

// readOrNote visits one place. After a lasting failure it notes a problem with the place and keeps what was read of
// it before. The place is read again when it is due. After a passing failure the next Round tries again.
func (r *Reader) readOrNote(ctx context.Context, p knowledge.Place) error {
	read := (*visit).readFolder
	if p.IsSite() {
		read = (*visit).readSite
	}
	err := r.lookThrough(ctx, p, read)
	isPassing := store.IsLost(err) || store.IsConflict(err) || errors.Is(err, errTaken) || ctx.Err() != nil
	if err == nil || isPassing {
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

// visit is one look through a place, by readFolder or readSite.
type visit struct {
	r        *Reader
	place    knowledge.Place
	known    map[string]knowledge.Page // the pages that are stored from earlier visits, by their addresses
	present  []string                  // addresses of the pages that exist now; others are removed
	bytes    int                       // the size of all pages that were read so far
	problems []string                  // what could not be read, for people; the first one is shown
}

// errTaken ends a visit when the lease ran out and another process has begun to read the place.
var errTaken = errors.New("knowledge: the place is read by another process")

// errFull ends a visit that has read maxPages pages or maxPlaceBytes bytes.
var errFull = errors.New("knowledge: the place has more than is read of one")

// lookThrough visits one place. It calls read, which stores the pages, and then stores which pages exist and what
// went wrong.
func (r *Reader) lookThrough(ctx context.Context, p knowledge.Place, read func(*visit, context.Context) error) error {
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
	if len(present) == 0 && problem != "" {
		present = nil // all pages that were read before are kept: they are better than nothing
	}

	return r.finish(ctx, p, problem, present)
}

// finish stores that a place was looked through. problem and present are as for knowledge.Finish.
func (r *Reader) finish(ctx context.Context, p knowledge.Place, problem string, present []string) error {
	return store.InTx(ctx, r.opt.Pool, func(tx pgx.Tx) error { return knowledge.Finish(ctx, tx, p.Place, problem, present) })
}

// note remembers a problem for people.
func (v *visit) note(problem string) { v.problems = append(v.problems, problem) }

// checkRoom returns errFull if no other page may be read.
func (v *visit) checkRoom() error {
	if len(v.present) >= maxPages || v.bytes >= maxPlaceBytes {
		return errFull
	}
	return nil
}

// canKeep reports whether PostgreSQL can store a page with this address.
func (v *visit) canKeep(address string) bool {
	return len(v.place.Place)+len(address) <= maxKeyBytes && utf8.ValidString(address)
}

// renewLease renews the lease of the place.
// Errors: errTaken; the database's.
func (v *visit) renewLease(ctx context.Context) error {
	isMine, err := v.r.takeLease(ctx, v.place.Place)
	if err == nil && !isMine {
		return errTaken
	}
	return err
}

// keep stores a page that was read. text is Markdown.
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

// languageOf returns the language in which a text is written, or "" if nobody knows.
func (r *Reader) languageOf(ctx context.Context, text string) string {
	a, err := r.opt.Language.Analyze(ctx, analysis.Question{Burst: []analysis.Message{{Text: text}}})
	if err != nil {
		return "" // the page is useful without a language
	}
	return a.Language
}

// newDialer returns a dialer that connects to the public internet, and if mayBeInside to host even in the company's own network.
func newDialer(host string, mayBeInside bool) *guard.Dialer {
	if !mayBeInside {
		return guard.New()
	}
	return guard.New(host)
}

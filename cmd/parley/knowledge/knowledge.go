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
	lookEvery     = 10 * time.Second // for places that are due or new
	leaseFor      = time.Minute      // of a place that is being read; renewed before each page
	maxPages      = 500              // of a place
	maxPageBytes  = 1 << 20          // of a page
	maxPlaceBytes = 30 << 20         // bytes of a place
	maxKeyBytes   = 2500             // of a place and an address in it together: PostgreSQL's indexes take little more
	politePage    = time.Second      // between two requests
)

// Options of a Reader.
type Options struct {
	Pool   *pgxpool.Pool
	Log    *slog.Logger
	Holder string        // names this process among those that share the database
	Every  time.Duration // how often a place is looked through
	Pause  time.Duration // between two requests to a site; 0 means a second
	// Language tells in which language a text is written; one that it doesn't know is "".
	Language analysis.Analyzer
}

// Reader reads all places that an admin has named.
type Reader struct{ opt Options }

// New makes a Reader.
func New(o Options) *Reader {
	o.Pause = cmp.Or(o.Pause, politePage)
	return &Reader{opt: o}
}

// Run reads places as they become due, each in one of all processes, until ctx ends.
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

// Round reads the places that are due. What can't be read is noted with its place, and is no error. Where something of a
// place can't be stored, the others are read all the same.
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

		failed = errors.Join(failed, r.readOrNote(ctx, p), store.DropLeases(ctx, r.opt.Pool, []string{leaseOf(p.Place)}, r.opt.Holder))
	}

	return failed
}

// readOrNote looks through one place. If that fails, it notes so with the place, which keeps what was read of it before: so it is
// read again when it is due, and not in the next round, as it is after a fault of the database that passes.
func (r *Reader) readOrNote(ctx context.Context, p knowledge.Place) error {
	err := r.read(ctx, p)
	passes := store.IsLost(err) || store.IsConflict(err)
	if err == nil || passes || ctx.Err() != nil || errors.Is(err, errTaken) {
		return err
	}
	const problem = "It could not be read to its end: an admin finds why in the log."
	return errors.Join(fmt.Errorf("knowledge: %s: %w", p.Place, err), r.finish(ctx, p, problem, nil))
}

func leaseOf(place string) string { return "knowledge:" + place }

// takeLease takes or renews the lease of a place, and reports whether this process has it.
func (r *Reader) takeLease(ctx context.Context, place string) (bool, error) {
	return store.TakeLease(ctx, r.opt.Pool, leaseOf(place), r.opt.Holder, leaseFor.Seconds())
}

// visit is one look through a place.
type visit struct {
	r        *Reader
	place    knowledge.Place
	known    map[string]knowledge.Page // the pages that are stored from earlier visits, by their addresses
	present  []string                  // the addresses of the pages that were found; what is stored of others goes
	bytes    int                       // of these pages
	problems []string                  // what could not be read, for people
}

// errTaken ends a visit to a place that another process reads by now.
var errTaken = errors.New("knowledge: the place is read by another process")

// errFull ends a visit that has read as much as a place may have.
var errFull = errors.New("knowledge: the place has more than is read of one")

// read looks through one place, and stores what it finds.
func (r *Reader) read(ctx context.Context, p knowledge.Place) error {
	if p.IsSite() {
		return r.visit(ctx, p, (*visit).readSite)
	}
	return r.visit(ctx, p, (*visit).readFolder)
}

// visit looks through one place, as look does it, and stores which pages there are and what went wrong.
func (r *Reader) visit(ctx context.Context, p knowledge.Place, look func(*visit, context.Context) error) error {
	known, err := knowledge.Pages(ctx, r.opt.Pool, p.Place)
	if err != nil {
		return err
	}

	v := &visit{r: r, place: p, known: known, present: []string{}}
	err = look(v, ctx)
	if errors.Is(err, errFull) {
		v.note(fmt.Sprintf("Only %d pages or %d MB are read.", maxPages, maxPlaceBytes>>20))
		err = nil
	}
	if err != nil {
		return err
	}

	problem := ""
	present := v.present

	if len(v.problems) > 0 {
		problem = clean(v.problems[0])
		r.opt.Log.Warn("knowledge was not read completely", "place", p.Place, "problem", problem, "problems", len(v.problems))
	}
	if len(present) == 0 && problem != "" {
		present = nil // all pages that were read before stay: they are better than nothing
	}

	return r.finish(ctx, p, problem, present)
}

// finish stores that a place was looked through, as knowledge.Finish does.
func (r *Reader) finish(ctx context.Context, p knowledge.Place, problem string, present []string) error {
	return store.InTx(ctx, r.opt.Pool, func(tx pgx.Tx) error { return knowledge.Finish(ctx, tx, p.Place, problem, present) })
}

// note remembers for people what went wrong.
func (v *visit) note(problem string) { v.problems = append(v.problems, problem) }

// checkRoom returns errFull if no other page may be read.
func (v *visit) checkRoom() error {
	if len(v.present) >= maxPages || v.bytes >= maxPlaceBytes {
		return errFull
	}
	return nil
}

// canKeep reports whether PostgreSQL can store what has this address.
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
	list := cutSections(title, text)
	whole := v.r.languageOf(ctx, text)
	for i := range list {
		list[i].Language = cmp.Or(v.r.languageOf(ctx, list[i].Title+"\n"+list[i].Body), whole)
	}
	return store.InTx(ctx, v.r.opt.Pool, func(tx pgx.Tx) error { return knowledge.SavePage(ctx, tx, p, list) })
}

// languageOf returns the language in which a text is written, or "" if nobody knows.
func (r *Reader) languageOf(ctx context.Context, text string) string {
	a, err := r.opt.Language.Analyze(ctx, analysis.Question{Burst: []analysis.Message{{Text: text}}})
	if err != nil {
		return "" // the page is of use without it
	}
	return a.Language
}

// newDialer returns a dialer that connects to the public internet. inside says that it may also connect to host, the host
// that was named, where that is in the company's own network.
func newDialer(host string, inside bool) *guard.Dialer {
	if !inside {
		return guard.New()
	}
	return guard.New(host)
}

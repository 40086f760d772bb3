package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"parley/bridge/analysis"
	"parley/channels/wire"
	"parley/store"
)

const (
	lookEvery    = 10 * time.Second // how often Run looks for places that are due
	leaseFor     = time.Minute      // renewed before each page is stored
	maxPages     = 500              // of a folder
	maxPageBytes = 1 << 20
)

// KnowledgeOptions of a Reader.
type KnowledgeOptions struct {
	Pool   *pgxpool.Pool
	Log    *slog.Logger
	Holder string        // identifies this process as the owner of leases in the database
	Every  time.Duration // the time between two visits to a place
	// Language detects the language of a text. It may return "".
	Language analysis.Analyzer
}

// Reader reads and stores the texts that suggested replies may draw on. Admins configure places, which are folders such as
// /srv/faq or web pages. Each file of a folder is a page, and a page is split into sections at its headings.
type Reader struct{ opt KnowledgeOptions }

// NewKnowledge makes a Reader.
func NewKnowledge(o KnowledgeOptions) *Reader { return &Reader{opt: o} }

// Run visits places as they become due, until ctx ends. If several processes share the database, a lease on each
// place ensures that only one of them reads it.
func (r *Reader) Run(ctx context.Context) error {
	for ctx.Err() == nil {
		if err := r.Round(ctx); err != nil && ctx.Err() == nil {
			r.opt.Log.Warn("knowledge was not read", "error", err)
		}
		wire.For(ctx, lookEvery)
	}
	return nil
}

// Round visits all places that are due. A page that can't be read isn't an error: it is stored as the place's problem,
// which admins see. If one place can't be stored, Round still visits the others and returns the error at the end.
func (r *Reader) Round(ctx context.Context) error {
	places, err := store.DueKnowledge(ctx, r.opt.Pool, r.opt.Every)
	if err != nil {
		return err
	}

	var failed error
	for _, p := range places {
		v := &visit{r: r, place: p, present: []string{}}
		if err := v.renewLease(ctx); err != nil { // another process is working through the same list
			return errors.Join(failed, ignoreTaken(err))
		}
		failed = errors.Join(failed, ignoreTaken(v.visit(ctx)), store.DropLeases(ctx, r.opt.Pool, []string{v.lease()}, r.opt.Holder))
	}
	return failed
}

// ignoreTaken returns nil for errTaken.
func ignoreTaken(err error) error {
	if errors.Is(err, errTaken) {
		return nil
	}
	return err
}

// visit reads one place.
type visit struct {
	r       *Reader
	place   store.KnowledgePlace
	known   map[string]store.KnowledgePage // the stored pages of earlier visits, by address
	present []string                       // addresses of the pages that exist now; the others are removed
	problem string                         // what could not be read first, in words for admins
	isGone  bool                           // the web page no longer exists
}

// errTaken ends a visit whose lease expired and was taken by another process.
var errTaken = errors.New("knowledge: the place is read by another process")

func (v *visit) visit(ctx context.Context) error {
	if v.place.IsSite() {
		return v.visitBy(ctx, v.readSite)
	}
	return v.visitBy(ctx, v.readFolder)
}

// visitBy reads and stores the pages of the place, removes those that no longer exist, and stores the problem, if there was
// one. After a failure it keeps the pages of earlier visits.
func (v *visit) visitBy(ctx context.Context, read func(context.Context) error) error {
	var err error
	if v.known, err = store.KnowledgePages(ctx, v.r.opt.Pool, v.place.Place); err != nil {
		return err
	}

	err = read(ctx)
	if store.IsLost(err) || store.IsConflict(err) || errors.Is(err, errTaken) || ctx.Err() != nil { // the next Round tries again
		return err
	}
	if err != nil {
		err = fmt.Errorf("knowledge: %s: %w", v.place.Place, err)
		v.problem, v.present = "It could not be read to its end: an admin finds why in the log.", nil
	}
	if len(v.present) == 0 && v.problem != "" && !v.isGone {
		v.present = nil // keeps all stored pages: old texts are better than none
	}
	return errors.Join(err, store.InTx(ctx, v.r.opt.Pool, func(tx pgx.Tx) error {
		return store.FinishKnowledge(ctx, tx, v.place.Place, clean(v.problem), v.present)
	}))
}

// note records a problem for admins, who see the first one.
func (v *visit) note(problem string) { v.problem = cmp.Or(v.problem, problem) }

func (v *visit) lease() string { return "knowledge:" + v.place.Place }

// renewLease takes or renews the lease of the place. It returns errTaken if another process has it.
func (v *visit) renewLease(ctx context.Context) error {
	isMine, err := store.TakeLease(ctx, v.r.opt.Pool, v.lease(), v.r.opt.Holder, leaseFor.Seconds())
	if err == nil && !isMine {
		return errTaken
	}
	return err
}

// keep stores a page and its sections. text is Markdown.
func (v *visit) keep(ctx context.Context, p store.KnowledgePage, title, text string) error {
	if err := v.renewLease(ctx); err != nil {
		return err
	}
	p.Place = v.place.Place
	v.present = append(v.present, p.Address)
	sections := cutSections(title, text)
	pageLanguage := v.r.languageOf(ctx, text)
	for i, s := range sections {
		sections[i].Language = cmp.Or(v.r.languageOf(ctx, s.Title+"\n"+s.Body), pageLanguage)
	}
	return store.InTx(ctx, v.r.opt.Pool, func(tx pgx.Tx) error { return store.SaveKnowledgePage(ctx, tx, p, sections) })
}

// languageOf returns the language of a text, or "" if it can't be detected.
func (r *Reader) languageOf(ctx context.Context, text string) string {
	a, err := r.opt.Language.Analyze(ctx, analysis.Question{Burst: []analysis.Message{{Text: text}}})
	if err != nil {
		return "" // the page is useful without a language
	}
	return a.Language
}

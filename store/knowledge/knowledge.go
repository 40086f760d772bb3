// Package knowledge keeps the pages that an admin lets suggested replies draw on, and finds those that fit a text.
//
// What does not belong here: how pages are read (cmd/parley/knowledge).
package knowledge

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/store"
	"parley/store/internal/query"
)

// Place is a folder or a web site whose pages may be drawn on.
type Place struct {
	Place   string     `db:"place"`   // a folder's path, or an address
	ReadAt  *time.Time `db:"read_at"` // when it was last looked through, Parley's clock; nil if it never was
	Problem string     `db:"problem"` // why something in it could not be read, for people
	Inside  bool       `db:"inside"`  // a site that may be in the company's own network
}

// IsSite tells a web site from a folder.
func (p Place) IsSite() bool {
	place := strings.ToLower(p.Place) // an older parley.yaml may have left it in capitals
	return strings.HasPrefix(place, "https://") || strings.HasPrefix(place, "http://")
}

// Page is a file or a web page, as it was read.
type Page struct {
	Place    string   `db:"place"`
	Address  string   `db:"address"` // a path below the folder, or the page's address
	ETag     string   `db:"etag"`
	Modified string   `db:"modified"`
	Links    []string `db:"links"` // the pages of the site that it leads to
}

// Section is what a page says below one heading.
type Section struct {
	Place    string `db:"place"`
	Address  string `db:"address"`
	Position int    `db:"position"` // on its page
	Title    string `db:"title"`
	Body     string `db:"body"` // Markdown
	Language string `db:"-"`    // ISO 639-1; empty if unknown. Find doesn't return it
}

const listPlaces = `SELECT place, read_at, problem, inside FROM knowledge_places ORDER BY place COLLATE "C"`

// Places lists the folders and sites, by name.
func Places(ctx context.Context, q store.Querier) ([]Place, error) {
	return query.Collect[Place](ctx, q, "knowledge", listPlaces)
}

const duePlaces = `
	SELECT place, read_at, problem, inside FROM knowledge_places
	WHERE read_at IS NULL OR read_at < (SELECT parley_now()) - make_interval(secs => $1)
	ORDER BY read_at NULLS FIRST, place`

// DuePlaces lists the places that were last looked through longer than every ago, or never. Those that were never
// looked through come first, then those of longest ago.
func DuePlaces(ctx context.Context, q store.Querier, every time.Duration) ([]Place, error) {
	return query.Collect[Place](ctx, q, "knowledge", duePlaces, every.Seconds())
}

const (
	dropPlaces = `DELETE FROM knowledge_places WHERE place <> ALL($1::text[])`
	addPlaces  = `INSERT INTO knowledge_places (place, inside) SELECT unnest($1::text[]), $2 ON CONFLICT DO NOTHING`
)

// SavePlaces makes these the only folders and sites. What was read of others is forgotten. inside says whether the
// sites that are new may be in the company's own network; sites that were known keep what was said when they were
// added.
func SavePlaces(ctx context.Context, tx pgx.Tx, places []string, inside bool) error {
	places = append([]string{}, places...) // nil would be NULL
	_, err := tx.Exec(ctx, dropPlaces, places)
	if err == nil {
		_, err = tx.Exec(ctx, addPlaces, places, inside)
	}
	if err != nil {
		return fmt.Errorf("store: knowledge: %w", err)
	}
	return nil
}

const getPages = `SELECT place, address, etag, modified, links FROM knowledge_pages WHERE place = $1`

// Pages returns the pages of a place that were read before, by their addresses.
func Pages(ctx context.Context, q store.Querier, place string) (map[string]Page, error) {
	rows, err := query.Collect[Page](ctx, q, "knowledge pages", getPages, place)
	if err != nil {
		return nil, err
	}

	known := make(map[string]Page, len(rows))
	for _, p := range rows {
		known[p.Address] = p
	}
	return known, nil
}

const (
	dropPage = `DELETE FROM knowledge_pages WHERE place = $1 AND address = $2`
	addPage  = `
		INSERT INTO knowledge_pages (place, address, etag, modified, links)
		SELECT place, $2, $3, $4, $5 FROM knowledge_places WHERE place = $1`
	addSection = `
		INSERT INTO knowledge_sections (place, address, position, title, body, config, words)
		SELECT place, address, $3, $4, $5, $6::regconfig, setweight(to_tsvector($6::regconfig, $4), 'A') || to_tsvector($6::regconfig, $5)
		FROM knowledge_pages WHERE place = $1 AND address = $2`
)

// SavePage stores a page with its sections, in place of what was read of it before. It stores nothing if the place
// was removed meanwhile.
func SavePage(ctx context.Context, tx pgx.Tx, p Page, sections []Section) error {
	var batch pgx.Batch
	batch.Queue(dropPage, p.Place, p.Address)
	batch.Queue(addPage, p.Place, p.Address, p.ETag, p.Modified, append([]string{}, p.Links...))
	for i, s := range sections {
		batch.Queue(addSection, p.Place, p.Address, i, s.Title, s.Body, query.SearchOf(s.Language))
	}
	if err := tx.SendBatch(ctx, &batch).Close(); err != nil {
		return fmt.Errorf("store: knowledge page: %w", err)
	}
	return nil
}

const (
	dropPages = `DELETE FROM knowledge_pages WHERE place = $1 AND address <> ALL($2::text[])`
	placeRead = `UPDATE knowledge_places SET read_at = parley_now(), problem = $2 WHERE place = $1`
)

// Finish notes that a place was looked through now. problem tells people why something could not be read; it is ""
// if all was. there has the addresses of the pages that exist; all others are forgotten. With nil, none is forgotten.
func Finish(ctx context.Context, tx pgx.Tx, place, problem string, there []string) error {
	if there != nil {
		if _, err := tx.Exec(ctx, dropPages, place, there); err != nil {
			return fmt.Errorf("store: knowledge pages: %w", err)
		}
	}
	return query.Exec(ctx, tx, "knowledge", placeRead, place, problem)
}

// mostCompared is how many sections of each language are compared with a text, of those that have one of its words.
const mostCompared = 2000

// languages are those of the sections, each found by one look into the index. A section is compared with the text by the
// rules of its own language. The 1 of ts_rank makes long sections count less.
const findSections = `
	WITH RECURSIVE languages AS (
		(SELECT config FROM knowledge_sections ORDER BY config LIMIT 1)
		UNION ALL
		SELECT (SELECT config FROM knowledge_sections WHERE config > languages.config ORDER BY config LIMIT 1)
		FROM languages
		WHERE config IS NOT NULL)
	SELECT section.place, section.address, section.position, section.title, section.body
	FROM (SELECT config, $1::text AS given FROM languages WHERE config IS NOT NULL) AS language
	CROSS JOIN LATERAL (` + query.AnyWords + `) AS asked
	CROSS JOIN LATERAL (
		SELECT * FROM knowledge_sections
		WHERE config = language.config AND words @@ asked.words
		LIMIT $3) AS section
	ORDER BY ts_rank(section.words, asked.words, 1) DESC, section.place, section.address, section.position
	LIMIT $2`

// Find returns the sections that have most in common with a text: at most as many as most says, the best first.
func Find(ctx context.Context, q store.Batcher, text string, most int) ([]Section, error) {
	return query.CollectOnePlan[Section](ctx, q, "find knowledge", findSections, text, most, mostCompared)
}

// State says what was read of a place.
type State struct {
	Place
	Pages    int `db:"pages"`
	Sections int `db:"sections"`
}

const listStates = `
	SELECT p.place, p.read_at, p.problem, p.inside, (SELECT count(*) FROM knowledge_pages AS k WHERE k.place = p.place) AS pages,
		(SELECT count(*) FROM knowledge_sections AS k WHERE k.place = p.place) AS sections
	FROM knowledge_places AS p
	ORDER BY p.place COLLATE "C"`

// States lists what was read of each folder and site, by name.
func States(ctx context.Context, q store.Querier) ([]State, error) {
	return query.Collect[State](ctx, q, "knowledge", listStates)
}

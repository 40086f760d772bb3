package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/store/internal/query"
)

// KnowledgePlace is a folder or a web page.
type KnowledgePlace struct {
	Place   string     `db:"place"`   // a folder's path, or a URL
	ReadAt  *time.Time `db:"read_at"` // when it was last visited, by Parley's clock; nil if never
	Problem string     `db:"problem"` // why something in it could not be read, in words for admins
	Inside  bool       `db:"inside"`  // a page that may be in the company's private network
}

// IsSite reports whether the place is a web page, and not a folder.
func (p KnowledgePlace) IsSite() bool {
	place := strings.ToLower(p.Place) // older versions stored it as written in parley.yaml
	return strings.HasPrefix(place, "https://") || strings.HasPrefix(place, "http://")
}

// KnowledgePage is a file or a web page.
type KnowledgePage struct {
	Place   string `db:"place"`
	Address string `db:"address"` // a path within the folder, or a URL
	ETag    string `db:"etag"`
}

// KnowledgeSection is the text below one heading of a page.
type KnowledgeSection struct {
	Place    string `db:"place"`
	Address  string `db:"address"`
	Position int    `db:"position"` // on its page
	Title    string `db:"title"`
	Body     string `db:"body"` // Markdown
	Language string `db:"-"`    // ISO 639-1; empty if unknown. Find doesn't return it
}

const listPlaces = `SELECT place, read_at, problem, inside FROM knowledge_places ORDER BY place COLLATE "C"`

// KnowledgePlaces returns all places, sorted by name.
func KnowledgePlaces(ctx context.Context, q Querier) ([]KnowledgePlace, error) {
	return query.Collect[KnowledgePlace](ctx, q, "knowledge", listPlaces)
}

const duePlaces = `
	SELECT place, read_at, problem, inside FROM knowledge_places
	WHERE read_at IS NULL OR read_at < (SELECT parley_now()) - make_interval(secs => $1)
	ORDER BY read_at NULLS FIRST, place`

// DueKnowledge returns the places that were never visited, followed by those whose last visit is longer ago than every, the
// longest ago first.
func DueKnowledge(ctx context.Context, q Querier, every time.Duration) ([]KnowledgePlace, error) {
	return query.Collect[KnowledgePlace](ctx, q, "knowledge", duePlaces, every.Seconds())
}

const (
	dropPlaces = `DELETE FROM knowledge_places WHERE place <> ALL($1::text[])`
	addPlaces  = `INSERT INTO knowledge_places (place, inside) SELECT unnest($1::text[]), $2 ON CONFLICT DO NOTHING`
)

// SaveKnowledgePlaces replaces the list of places. Places that aren't in the new list are removed with their pages. inside becomes
// Place.Inside of the new places; existing ones keep theirs.
func SaveKnowledgePlaces(ctx context.Context, tx pgx.Tx, places []string, inside bool) error {
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

const getPages = `SELECT place, address, etag FROM knowledge_pages WHERE place = $1`

// KnowledgePages returns the stored pages of a place, by address.
func KnowledgePages(ctx context.Context, q Querier, place string) (map[string]KnowledgePage, error) {
	rows, err := query.Collect[KnowledgePage](ctx, q, "knowledge pages", getPages, place)
	if err != nil {
		return nil, err
	}

	known := make(map[string]KnowledgePage, len(rows))
	for _, p := range rows {
		known[p.Address] = p
	}
	return known, nil
}

const (
	dropPage = `DELETE FROM knowledge_pages WHERE place = $1 AND address = $2`
	addPage  = `
		INSERT INTO knowledge_pages (place, address, etag)
		SELECT place, $2, $3 FROM knowledge_places WHERE place = $1`
	addSection = `
		INSERT INTO knowledge_sections (place, address, position, title, body, config, words)
		SELECT place, address, $3, $4, $5, $6::regconfig, setweight(to_tsvector($6::regconfig, $4), 'A') || to_tsvector($6::regconfig, $5)
		FROM knowledge_pages WHERE place = $1 AND address = $2`
)

// SaveKnowledgePage stores a page and its sections, and replaces the stored page with that address. It stores nothing if the place no
// longer exists.
func SaveKnowledgePage(ctx context.Context, tx pgx.Tx, p KnowledgePage, sections []KnowledgeSection) error {
	var batch pgx.Batch
	batch.Queue(dropPage, p.Place, p.Address)
	batch.Queue(addPage, p.Place, p.Address, p.ETag)
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

// FinishKnowledge records that a place was visited now. problem describes for admins what could not be read; it is "" if everything
// was. present has the addresses of the pages that still exist; all others are removed. If it is nil, none is removed.
func FinishKnowledge(ctx context.Context, tx pgx.Tx, place, problem string, present []string) error {
	if present != nil {
		if _, err := tx.Exec(ctx, dropPages, place, present); err != nil {
			return fmt.Errorf("store: knowledge pages: %w", err)
		}
	}
	return query.Exec(ctx, tx, "knowledge", placeRead, place, problem)
}

// mostCompared limits how many sections of each language are ranked, of those that have a word in common with the text.
const mostCompared = 2000

// findSections ranks sections by the rules of their own language, such as English word stems. languages lists the languages of
// all sections, each found by one index lookup. The 1 in ts_rank ranks long sections lower.
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

// FindKnowledge returns at most limit sections that match a text, the best match first.
func FindKnowledge(ctx context.Context, q Batcher, text string, limit int) ([]KnowledgeSection, error) {
	return query.CollectOnePlan[KnowledgeSection](ctx, q, "find knowledge", findSections, text, limit, mostCompared)
}

// KnowledgeState is a place with the number of its stored pages and sections.
type KnowledgeState struct {
	KnowledgePlace
	Pages    int `db:"pages"`
	Sections int `db:"sections"`
}

const listStates = `
	SELECT p.place, p.read_at, p.problem, p.inside, (SELECT count(*) FROM knowledge_pages AS k WHERE k.place = p.place) AS pages,
		(SELECT count(*) FROM knowledge_sections AS k WHERE k.place = p.place) AS sections
	FROM knowledge_places AS p
	ORDER BY p.place COLLATE "C"`

// KnowledgeStates returns the states of all places, sorted by name.
func KnowledgeStates(ctx context.Context, q Querier) ([]KnowledgeState, error) {
	return query.Collect[KnowledgeState](ctx, q, "knowledge", listStates)
}

package store_test

import (
	"fmt"
	"testing"

	"parley/store"
	"parley/store/storetest"
)

// With ten places of the maximum size (in the short form two fifths of that), a search for a rare word reads only the sections that
// have that word. A search for a word that all sections have reads no more sections than are compared.
func TestKnowledgePlans(t *testing.T) {
	t.Parallel()
	pages := min(storetest.Many()/500, 500) // of each place
	crowd := []string{
		`INSERT INTO knowledge_places (place) SELECT '/srv/' || n FROM generate_series(1, 10) AS n`,
		fmt.Sprintf(`INSERT INTO knowledge_pages (place, address, etag)
			SELECT '/srv/' || p, 'page' || n, ''
			FROM generate_series(1, 10) AS p, generate_series(1, %d) AS n`, pages),
		fmt.Sprintf(`INSERT INTO knowledge_sections (place, address, position, title, body, config, words)
			SELECT '/srv/' || p, 'page' || n, s, 'Lamps', 'A lamp',
				CASE WHEN s %% 2 = 0 THEN 'pg_catalog.english' ELSE 'pg_catalog.german' END::regconfig,
				('lamp word' || (p * 50000 + n * 100 + s) %% 10000)::tsvector
			FROM generate_series(1, 10) AS p, generate_series(1, %d) AS n, generate_series(1, 100) AS s`, pages),
	}
	storetest.Run(t, storetest.DB(t), crowd, []storetest.Statement{
		{
			Name:    "find a rare word",
			SQL:     store.FindKnowledgeSQL,
			Args:    []any{"word4711", 5, 2000},
			Hot:     true,
			MaxRows: map[string]float64{"knowledge_sections": 500},
			Index:   "knowledge_sections_words",
		},
		{
			Name:    "find a word of all",
			SQL:     store.FindKnowledgeSQL,
			Args:    []any{"lamp", 5, 2000},
			Hot:     true,
			MaxRows: map[string]float64{"knowledge_sections": 9000},
		},
		{
			Name:    "pages",
			SQL:     store.KnowledgePagesSQL,
			Args:    []any{"/srv/7"},
			MaxRows: map[string]float64{"knowledge_pages": 510},
			Index:   "knowledge_pages_pkey",
		},
	})
}

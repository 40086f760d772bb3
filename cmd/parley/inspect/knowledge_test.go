package inspect_test

import (
	"strings"
	"testing"

	"parley/bridge/setup"
	"parley/cmd/parley/inspect"
)

// What was read of each folder and site is told, with what could not be and what nobody looks through any more.
func TestDoctorOfKnowledge(t *testing.T) {
	t.Parallel()
	pool := configured(t, healthy, setup.Options{Specs: birds()})
	o := inspect.Options{Pool: pool}
	if text := inspect.Doctor(t.Context(), o).Text(); strings.Contains(text, "knowledge") {
		t.Errorf("without any:\n%s", text)
	}
	_, err := pool.Exec(t.Context(), `INSERT INTO knowledge_places (place, read_at, problem) VALUES ('/srv/good', parley_now() - interval '7 min', ''), ('/srv/new', NULL, ''),
		('https://a.test/', parley_now() - interval '2 h', 'https://a.test/x can''t be read.'), ('https://b.test/', parley_now() - interval '30 h', '')`)
	if err == nil {
		_, err = pool.Exec(t.Context(), `INSERT INTO knowledge_pages (place, address) VALUES ('/srv/good', 'a.md'), ('/srv/good', 'b.md'), ('https://a.test/', 'https://a.test/y')`)
	}
	if err == nil {
		_, err = pool.Exec(t.Context(), `INSERT INTO knowledge_sections (place, address, position, title, body, config, words) VALUES ('/srv/good', 'a.md', 0, 'A', 'a', 'simple', '')`)
	}
	must(t, err)
	report := inspect.Doctor(t.Context(), o)
	text := report.Text()
	for _, want := range []string{"✓ knowledge /srv/good: 2 pages, 1 section, looked through 7m ago", "✓ knowledge /srv/new: not looked through yet",
		"! knowledge https://a.test/: 1 page, 0 sections, looked through 2h0m ago. https://a.test/x can't be read.", "! knowledge https://b.test/: 0 pages, 0 sections, looked through 30h0m ago"} {
		if !strings.Contains(text, want) {
			t.Errorf("without %q:\n%s", want, text)
		}
	}
	for _, s := range report.Sections {
		if s.Name == "analysis" && (inspect.Report{Sections: []inspect.Section{s}}).IsBroken() {
			t.Errorf("it is called broken: %+v", s)
		}
	}
}

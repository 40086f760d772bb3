package operate_test

import (
	"testing"

	"parley/cmd/parley/operate"
)

// Each folder and site is shown with what was read of it, with what could not be read, and whether it was read lately. None of it
// makes the system broken.
func TestDoctorOfKnowledge(t *testing.T) {
	t.Parallel()
	o := operate.Options{Pool: newOptions(t).Pool}
	for _, sql := range []string{
		`INSERT INTO knowledge_places (place, read_at, problem) VALUES
			('/srv/good', parley_now() - interval '7 min', ''),
			('/srv/new', NULL, ''),
			('https://a.test/', parley_now() - interval '2 h', 'https://a.test/x can''t be read.'),
			('https://b.test/', parley_now() - interval '30 h', '')`, // longer than a day ago
		`INSERT INTO knowledge_pages (place, address) VALUES
			('/srv/good', 'a.md'),
			('/srv/good', 'b.md'),
			('https://a.test/', 'https://a.test/y')`,
		`INSERT INTO knowledge_sections (place, address, position, title, body, config, words) VALUES
			('/srv/good', 'a.md', 0, 'A', 'a', 'simple', '')`,
	} {
		must(o.Pool.Exec(t.Context(), sql))(t)
	}

	report := operate.Doctor(t.Context(), o)

	checkHas(t, report,
		"✓ knowledge /srv/good: 2 pages, 1 section, looked through 7m ago",
		"✓ knowledge /srv/new: not looked through yet",
		"! knowledge https://a.test/: 1 page, 0 sections, looked through 2h0m ago. https://a.test/x can't be read.",
		"! knowledge https://b.test/: 0 pages, 0 sections, looked through 30h0m ago",
	)
	checkSectionWorks(t, report, "analysis")
}

package app_test

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"

	"parley/bridge/analysis"
	"parley/channels/email/mailfake"
	"parley/channels/emulator"
	"parley/cmd/parley/app"
	"parley/cmd/parley/demo"
	"parley/store/storetest"
)

// runningParley is a whole Parley with emulators around it.
type runningParley struct {
	app   *app.App
	db    *app.Database
	world *demo.Company
}

// runInSlack runs Parley until the test ends, and waits until it watches its mailbox. analyzer is nil if nobody analyses
// what customers write; change adds to the environment.
func runInSlack(t *testing.T, analyzer analysis.Analyzer, change ...func(*app.Env)) runningParley {
	t.Helper()
	w := openWorld(t)
	env := environment(t)
	withSlack(&env, w)
	for _, c := range change {
		c(&env)
	}
	backup := filepath.Join(env.Data, "backups", "parley.backup")
	check(t, os.MkdirAll(filepath.Dir(backup), 0o700))
	check(t, os.WriteFile(backup, []byte("all of it"), 0o600))
	db := openDatabase(t, env)
	applyFile(t, db, app.Specs(), w.Config(time.Millisecond))
	r := runningParley{start(t, env, db, app.Options{MovedTime: true, Analyzer: analyzer}), db, w}
	until(t, "the mailbox is watched", func() bool {
		at, ok := r.scrape(t).value("parley_account_caught_up_timestamp_seconds", "support-mail")
		return ok && time.Since(time.Unix(int64(at), 0)) < time.Minute
	})
	return r
}

// newUnreachableModel returns a model at an address at which nobody listens, with rules behind it. Its port is never given
// to a server of another test.
func newUnreachableModel(t *testing.T) analysis.Analyzer {
	t.Helper()
	env := must(app.LoadEnv(func(name string) (string, bool) {
		value, ok := map[string]string{"OPENAI_BASE_URL": "http://127.0.0.1:1/v1", "OPENAI_MODEL": "gpt-none"}[name]
		return value, ok
	}))(t)
	a, end, err := app.NewAnalyzer(t.Context(), env, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(end)
	return a
}

// until looks every 50 ms whether a condition holds, and fails the test after two minutes.
func until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline := time.After(2 * time.Minute)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-deadline:
			t.Fatalf("waited in vain until %s", what)
		case <-tick.C:
		}
	}
}

// scrape reads what a running Parley exports: its families with their types, and its values.
type scrape struct {
	types  map[string]string // by family
	labels map[string]bool   // names of labels
	lines  []string
}

func (r runningParley) scrape(t *testing.T) scrape {
	t.Helper()
	req := must(http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+r.app.Address()+"/metrics", nil))(t)
	resp := must(emulator.NewClient().Do(req))(t)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("/metrics: got %d, %v: %s", resp.StatusCode, err, body)
	}

	s := scrape{types: map[string]string{}, labels: map[string]bool{"instance": true, "job": true}}
	for line := range strings.Lines(string(body)) {
		line = strings.TrimSpace(line)
		if rest, ok := strings.CutPrefix(line, "# TYPE "); ok {
			name, kind, _ := strings.Cut(rest, " ")
			s.types[name] = kind
		}
		if !strings.HasPrefix(line, "#") {
			s.lines = append(s.lines, line)
			for _, m := range regexp.MustCompile(`[{,]([a-z_]+)="`).FindAllStringSubmatch(line, -1) {
				s.labels[m[1]] = true
			}
		}
	}
	return s
}

// value returns the sum of a metric's values, over those whose labels hold a text.
func (s scrape) value(name, label string) (sum float64, found bool) {
	for _, line := range s.lines {
		metric, value, _ := strings.Cut(line, " ")
		if i := strings.LastIndexByte(line, ' '); i >= 0 {
			metric, value = line[:i], line[i+1:]
		}
		family, _, _ := strings.Cut(metric, "{")
		var v float64
		if _, err := fmt.Sscanf(value, "%g", &v); family == name && strings.Contains(metric, label) && err == nil {
			sum, found = sum+v, true
		}
	}
	return sum, found
}

// ours lists our own families.
func (s scrape) ours() (names []string) {
	for _, name := range slices.Sorted(maps.Keys(s.types)) {
		if strings.HasPrefix(name, "parley_") {
			names = append(names, name)
		}
	}
	return names
}

// knows reports whether a name in an expression is exported, also if it is a part of a histogram.
func (s scrape) knows(name string) bool {
	if s.types[name] != "" || name == "up" {
		return true
	}
	for _, part := range []string{"_bucket", "_sum", "_count"} {
		if family, ok := strings.CutSuffix(name, part); ok && s.types[family] == "histogram" {
			return true
		}
	}
	return false
}

// TestMetrics starts Parley, lets a mail through it, and compares what it exports with what
// the documentation, the alerts and the dashboard say.
func TestMetrics(t *testing.T) {
	t.Parallel()
	r := runInSlack(t, newUnreachableModel(t))
	storetest.Exec(t, r.db.Pool, `INSERT INTO accounts (name, kind, side, status) VALUES ('left-chat', 'teams', 'surface', 'broken')`)
	check(t, r.app.Engine().Reload(t.Context()))

	must(r.world.Mail.Customer("Maria <maria@lopez.test>").Send(mailfake.Mail{To: []string{demo.HelpAddress}, Subject: "Mugs",
		Text: "Two are chipped."}))(t)
	until(t, "the mail is in a thread", func() bool {
		n, _ := r.scrape(t).value("parley_deliveries_landed_total", `account="slack"`)
		return n >= 2
	})
	until(t, "the mail is analysed", func() bool {
		n, _ := r.scrape(t).value("parley_analyses_total", `result="degraded"`)
		return n >= 1
	})
	r.app.Retain(t.Context())

	var s scrape
	until(t, "Slack is connected", func() bool {
		s = r.scrape(t)
		open, _ := s.value("parley_surface_connections", "slack")
		wanted, _ := s.value("parley_surface_connections_wanted", "slack")
		return open == wanted && open > 0
	})

	t.Run("values", func(t *testing.T) { checkValues(t, s) })
	t.Run("names", func(t *testing.T) { checkNames(t, s) })
	if _, ok := s.value("parley_account_up", "left-chat"); ok {
		t.Error("a chat that isn't set up any more counts as up or down, want neither")
	}
	docs := readDoc(t, "docs/metrics.md")
	t.Run("docs", func(t *testing.T) { wantSame(t, "metric", s.ours(), findAll(docs, "(?m)^\\| `(parley_[a-z_]+)` \\|")) })
	t.Run("alerts", func(t *testing.T) { checkAlerts(t, s, docs) })
	t.Run("dashboard", func(t *testing.T) { checkDashboard(t, s) })
}

// checkValues checks that the numbers tell of one mail, its post and its analysis.
func checkValues(t *testing.T, s scrape) {
	for _, tt := range []struct {
		name, label string
		least, most float64
	}{
		{name: "parley_events_accepted_total", label: `kind="email"`, least: 1, most: 1},
		{name: "parley_events_applied_total", label: `kind="email"`, least: 1, most: 1},
		{name: "parley_events_new_total", least: 1, most: 100},
		{name: "parley_events_refused_total", least: 0, most: 0},
		{name: "parley_events_quarantined_total", least: 0, most: 0},
		{name: "parley_quarantine_events", least: 0, most: 0},
		{name: "parley_accept_duration_seconds_count", least: 1, most: 100},
		{name: "parley_apply_batch_events_sum", least: 1, most: 100},
		{name: "parley_event_delay_seconds_count", least: 1, most: 100},
		{name: "parley_event_delay_seconds_sum", least: 0, most: 30},
		{name: "parley_delivery_delay_seconds_count", least: 2, most: 100},
		{name: "parley_hop_seconds_count", least: 2, most: 100},
		{name: "parley_hop_seconds_sum", least: 0, most: 60},
		{name: "parley_delivery_attempts_total", label: `account="slack"`, least: 2, most: 100},
		{name: "parley_delivery_attempts_total", label: `account="support-mail"`, least: 0, most: 0},
		{name: "parley_account_up", label: `side="channel"`, least: 1, most: 1},
		{name: "parley_account_up", label: `side="surface"`, least: 1, most: 1},
		{name: "parley_account_last_event_timestamp_seconds", label: `account="support-mail"`, least: 1e9, most: 1e10},
		{name: "parley_lanes_waiting", label: `age="over_1h"`, least: 0, most: 0},
		{name: "parley_provider_errors_total", label: `class="auth"`, least: 0, most: 0},
		{name: "parley_attempts_in_flight", least: 0, most: 3},
		{name: "parley_ready", least: 1, most: 1},
		{name: "parley_build_info", label: "goversion=\"go1", least: 1, most: 1},
		{name: "parley_database_connections_max", least: 16, most: 16},
		{name: "parley_database_clock_offset_seconds", least: -5, most: 5},
		{name: "parley_backup_newest_timestamp_seconds", least: 1e9, most: 1e10},
		{name: "parley_retention_run_timestamp_seconds", least: 1e9, most: 1e10},
		{name: "parley_stats_errors_total", least: 0, most: 0},
		{name: "parley_analyses_total", label: `result="degraded"`, least: 1, most: 1},
		{name: "parley_analyses_total", label: `result="model"`, least: 0, most: 0},
		{name: "parley_model_failures_total", label: `cause="unreachable"`, least: 1, most: 1},
		{name: "parley_model_requests_total", least: 1, most: 10},
		{name: "parley_model_latency_seconds_count", least: 0, most: 0},
		{name: "parley_model_up", least: 1, most: 1}, // a single failure tells nothing
		{name: "parley_bursts_waiting", least: 0, most: 0},
		{name: "process_resident_memory_bytes", least: 1, most: 1e10},
	} {
		if got, ok := s.value(tt.name, tt.label); !ok || got < tt.least || got > tt.most {
			t.Errorf("%s{%s} is %g (found: %t), want %g to %g", tt.name, tt.label, got, ok, tt.least, tt.most)
		}
	}
}

// checkNames checks that no label names a customer or a place, and that names of counters, and only those, end in _total.
func checkNames(t *testing.T, s scrape) {
	for _, line := range s.lines {
		if strings.ContainsAny(line, "@") || strings.Contains(strings.ToLower(line), "maria") || strings.Contains(line, demo.Support) {
			t.Errorf("a label names a person or a place: %s", line)
		}
	}
	for name := range s.types {
		if strings.HasPrefix(name, "parley_") && (s.types[name] == "counter") != strings.HasSuffix(name, "_total") {
			t.Errorf("%s is a %s: names of counters, and only those, end in _total", name, s.types[name])
		}
	}
}

// checkQuery checks the names in a query: metrics, and the labels by which it selects and groups.
func checkQuery(t *testing.T, s scrape, where, expr string) {
	t.Helper()
	if strings.Count(expr, "(") != strings.Count(expr, ")") || strings.Count(expr, "{") != strings.Count(expr, "}") {
		t.Errorf("%s: a bracket lacks the other one in %s", where, expr)
	}
	bare := regexp.MustCompile(`"[^"]*"`).ReplaceAllString(expr, `""`)
	names := findAll(bare, `\b((?:parley|go|process)_[a-z_]+|up)\b`)
	if len(names) == 0 {
		t.Errorf("%s: the query names no metric: %s", where, expr)
	}
	for _, name := range names {
		if !s.knows(name) {
			t.Errorf("%s: there is no metric %s", where, name)
		}
	}
	labels := findAll(bare, `[{,]\s*([a-z_]+)\s*(?:=|!)`)
	for _, list := range findAll(bare, `\bby \(([^)]*)\)`) {
		for label := range strings.SplitSeq(list, ",") {
			labels = append(labels, strings.TrimSpace(label))
		}
	}
	for _, label := range labels {
		if !s.labels[label] {
			t.Errorf("%s: no metric has a label %s", where, label)
		}
	}
}

// checkAlerts reads the rules as Prometheus does: they have no unknown keys, name metrics that exist, and are documented.
func checkAlerts(t *testing.T, s scrape, docs string) {
	type rule struct {
		Alert       string            `yaml:"alert"`
		Expr        string            `yaml:"expr"`
		For         string            `yaml:"for"`
		Labels      map[string]string `yaml:"labels"`
		Annotations map[string]string `yaml:"annotations"`
	}
	var file struct {
		Groups []struct {
			Name  string `yaml:"name"`
			Rules []rule `yaml:"rules"`
		} `yaml:"groups"`
	}
	check(t, yaml.UnmarshalWithOptions([]byte(readDoc(t, "manifests/prometheus/alerts.yaml")), &file, yaml.DisallowUnknownField()))

	var names []string
	for _, g := range file.Groups {
		for _, r := range g.Rules {
			names = append(names, r.Alert)
			checkQuery(t, s, r.Alert, r.Expr)
			if _, err := time.ParseDuration(r.For); r.For != "" && err != nil {
				t.Errorf("%s: %v", r.Alert, err)
			}
			if want := "docs/metrics.md#" + strings.ToLower(r.Alert); r.Annotations["runbook"] != want || r.Annotations["summary"] == "" {
				t.Errorf("%s: got the annotations %v, want a summary and the runbook %s", r.Alert, r.Annotations, want)
			}
			if !slices.Contains([]string{"warning", "critical"}, r.Labels["severity"]) {
				t.Errorf("%s: got the severity %q, want warning or critical", r.Alert, r.Labels["severity"])
			}
		}
	}

	slices.Sort(names)
	if twice := slices.Compact(slices.Clone(names)); len(twice) != len(names) {
		t.Errorf("two alerts have one name: %v", names)
	}
	wantSame(t, "alert", names, findAll(docs, `(?m)^### (Parley[A-Za-z]+)$`))
	for _, link := range findAll(docs, `\]\(#([a-z]+)\)`) {
		if !slices.ContainsFunc(names, func(n string) bool { return strings.ToLower(n) == link }) {
			t.Errorf("docs/metrics.md links to #%s, want an alert's name", link)
		}
	}
}

// checkDashboard checks for faults that Grafana would only show as an empty panel, and that the dashboard shows every
// metric.
func checkDashboard(t *testing.T, s scrape) {
	type panel struct {
		ID         int
		Title      string
		Type       string
		Datasource struct{ UID string }
		Targets    []struct {
			Expr       string
			Datasource struct{ UID string }
		}
		GridPos struct{ H, W, X, Y int }
	}
	var board struct {
		UID           string
		SchemaVersion int
		Templating    struct {
			List []struct{ Name, Type string }
		}
		Panels []panel
	}

	text := readDoc(t, "manifests/grafana/parley.json")
	check(t, json.Unmarshal([]byte(text), &board))
	if board.SchemaVersion < 41 || len(board.Templating.List) == 0 || board.Templating.List[0].Type != "datasource" {
		t.Errorf("the dashboard is not portable: version %d, variables %v", board.SchemaVersion, board.Templating.List)
	}
	ids, rows := map[int]bool{}, []string{}
	for _, p := range board.Panels {
		if ids[p.ID] {
			t.Errorf("panel %q: another panel has the id %d, too", p.Title, p.ID)
		}
		if right := p.GridPos.X + p.GridPos.W; right > 24 {
			t.Errorf("panel %q ends at column %d, want at most 24", p.Title, right)
		}
		ids[p.ID] = true
		if p.Type == "row" {
			rows = append(rows, p.Title)
			continue
		}
		if p.Datasource.UID != "${datasource}" || len(p.Targets) == 0 {
			t.Errorf("panel %q has no query, or a data source of its own", p.Title)
		}
		for _, target := range p.Targets {
			checkQuery(t, s, p.Title, strings.ReplaceAll(target.Expr, "$__rate_interval", "5m"))
		}
	}

	if want := []string{"Now", "Ingest", "Delivery", "Providers", "Health", "Analyses", "Resources"}; !slices.Equal(rows, want) {
		t.Errorf("rows: got %v, want %v", rows, want)
	}
	for _, name := range s.ours() {
		if !strings.Contains(text, name) {
			t.Errorf("the dashboard does not show %s", name)
		}
	}
}

package setup

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgxpool"

	"parley/bridge"
	"parley/channels"
	"parley/store"
)

// Export writes parley.yaml from the database. Secrets are replaced by ${ACCOUNT_FIELD}; when these
// variables are set, applying the file changes nothing.
// Errors: an account of a channel that this version doesn't have, because the file would be incomplete.
func Export(ctx context.Context, pool *pgxpool.Pool, specs []channels.Spec) ([]byte, error) {
	directory, err := store.LoadDirectory(ctx, pool)
	if err != nil {
		return nil, err
	}
	s, err := stateOf(directory, nil)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(s.templatesOf(ctx, pool), s.knowledgeOf(ctx, pool)); err != nil {
		return nil, err
	}
	return s.file(specs)
}

// file writes a state as parley.yaml.
func (s *state) file(specs []channels.Spec) ([]byte, error) {
	var agents, teams, accounts []*group
	for _, a := range s.agents {
		agents = append(agents, exportAgent(a))
	}
	for _, t := range s.teams {
		teams = append(teams, exportTeam(t))
	}
	variables := map[string]bool{}
	for _, a := range s.accounts {
		spec := specOf(specs, a.row.Kind)
		if spec == nil {
			return nil, fmt.Errorf("setup: export: account %s is of kind %q, which this version of Parley doesn't have",
				a.row.Name, a.row.Kind)
		}
		accounts = append(accounts, exportAccount(a, *spec, variables))
	}
	var file group
	file.text("company", s.company)
	exportSettings(&file, s.settings)
	file.entries("agents", agents)
	file.entries("teams", teams)
	file.entries("accounts", accounts)
	file.entries("templates", s.exportTemplates())
	file.entries("tags", s.exportTags())
	file.entries("knowledge", s.exportKnowledge())
	var out bytes.Buffer
	file.write(&out, "", "")
	return out.Bytes(), nil
}

// entries writes a list even if it is empty: so apply --prune removes entries that the file doesn't have.
func (g *group) entries(key string, list []*group) {
	if len(list) == 0 {
		g.put(key, raw("[]"))
		return
	}
	g.put(key, list)
}

func exportAgent(a agent) *group {
	g := &group{}
	g.text("email", a.email)
	g.text("name", a.name)
	for _, kind := range surfaceKinds() {
		g.text(kind, a.users[kind])
	}
	g.list("roles", a.roles)
	g.text("zone", a.zone)
	g.text("presence", a.presence)
	g.list("quiet", a.quiet)
	g.text("signature", a.signature.source())
	return g
}

func exportTeam(t team) *group {
	g := &group{}
	g.text("name", t.name)
	g.list("members", t.members)
	for _, kind := range surfaceKinds() {
		g.text(kind+"_channel", t.channels[kind])
	}
	if len(t.channels) > 1 {
		g.text("home", t.home)
	}
	g.text("agents", t.agents)
	for _, name := range slices.Sorted(maps.Keys(t.emoji)) {
		g.sub("emoji").text(name, t.emoji[name])
	}
	g.text("weekly_figures", t.weekly)
	return g
}

func exportAccount(a account, spec channels.Spec, variables map[string]bool) *group {
	g := &group{}
	g.text("name", a.row.Name)
	g.text("kind", a.row.Kind)
	g.text("team", a.team)
	g.text("mode", string(a.row.Mode))
	g.list("trial_to", a.row.TrialTo)
	if a.row.Paused {
		g.put("paused", raw("true"))
	}
	if a.surface != "" {
		g.text(a.surface+"_channel", a.row.SurfaceChannel)
	}
	g.text("signature", a.signature().source())
	exportSettings(g, a.settings)
	g.text("reply_mode", string(a.row.ReplyMode))
	if a.row.HoldSeconds != nil {
		g.put("hold", raw(holdWords(a.row.HoldSeconds)))
	}
	if a.row.Rate != 1 {
		g.put("rate", raw(fmt.Sprint(a.row.Rate)))
	}
	exportHours(g, a.hours)
	for _, f := range spec.Fields {
		exportField(g, a, spec, f, variables)
	}
	return g
}

func exportSettings(g *group, settings map[string]string) {
	for _, known := range bridge.Settings() {
		if value := settings[known.Name]; value != "" {
			g.sub("settings").text(known.Name, value)
		}
	}
}

// exportField writes a field of the account's channel, nested: "imap.host" becomes imap: {host: …}.
func exportField(g *group, a account, spec channels.Spec, f channels.Field, variables map[string]bool) {
	value, stored := a.config[f.Name]
	if f.Secret && !stored && !(f.Needed(a.config) && len(a.row.Secrets) > 0) || !f.Secret && value == "" {
		return
	}
	g = g.sub(sectionOf(spec))
	path := strings.Split(f.Name, ".")
	key := path[len(path)-1]
	for _, name := range path[:len(path)-1] {
		g = g.sub(name)
	}
	switch {
	case f.Secret:
		g.put(key, "${"+variableOf(a.row.Name, f.Name, variables)+"}")
	case f.List:
		g.list(key, strings.Split(value, "\n"))
	default:
		g.text(key, value)
	}
}

var notInNames = regexp.MustCompile(`[^A-Z0-9]+`)

// variableOf returns the environment variable of a secret: SUPPORT_MAIL_IMAP_PASSWORD. It adds a number
// if another account, whose name differs only in punctuation, has the same.
func variableOf(account, field string, taken map[string]bool) string {
	name := notInNames.ReplaceAllString(strings.ToUpper(account+"_"+field), "_")
	if name[0] >= '0' && name[0] <= '9' {
		name = "_" + name
	}
	unique := name
	for n := 2; taken[unique]; n++ {
		unique = fmt.Sprintf("%s_%d", name, n)
	}
	taken[unique] = true
	return unique
}

package demo

import (
	"cmp"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"parley/bot/verb"
	"parley/bridge"
	"parley/channels/golden"
)

const parityPage = "../../../docs/parity.md"

// TestParity checks that docs/parity.md says exactly what the stories showed and the golden cards draw. Each verb, view and
// mark of the code has a line there.
func TestParity(t *testing.T) {
	t.Parallel()
	checkParity(t)
}

func checkParity(t *testing.T) {
	t.Helper()
	golden.Text(t, parityPage, writeParity(t))
}

// parity is what is known of each surface.
type parity struct {
	claims map[string]map[string]string // surface → deed → story
	drawn  map[string]map[string]bool   // surface → names of golden cards
	titles map[string]map[string]bool   // surface → titles of golden forms
}

const parityHead = `# What works in Slack and in Microsoft Teams

This page is written by tests: ` + "`go test ./cmd/parley/demo -run 'TestScenarios|TestParity' -update`" + `. A cell
names the story of ` + "`cmd/parley/demo/testdata`" + ` that does it there, against an emulator of the desktop
client's protocol; the story fails when it no longer does: in ` + "`make test`" + `, or, if that tells it in the other chat
alone, in ` + "`make soak`" + `. *drawn*: a golden file shows the card or form, no
story brings it up there. –: no test shows it.

No test runs on a phone: those cells say *unverified*, whatever the makers promise.

`

const columns = "| Slack desktop | Slack phone | Teams desktop | Teams phone |\n"

// writeParity returns the content of the page.
func writeParity(t *testing.T) string {
	t.Helper()
	p := &parity{claims: map[string]map[string]string{}, drawn: map[string]map[string]bool{}, titles: map[string]map[string]bool{}}
	for surface, cards := range map[string]string{
		onSlack: "../../../bot/slack/blockkit/testdata",
		onTeams: "../../../bot/teams/card/testdata",
	} {
		p.claims[surface], p.drawn[surface], p.titles[surface] = claims(t, chronicleFile(surface)), goldenCards(t, cards), goldenTitles(t, cards)
	}

	for surface, list := range p.claims {
		for deed, story := range list {
			if !isTold(t, filepath.Join("testdata", story+".txt"), surface, true) {
				t.Errorf("docs/parity.md claims of the story %s, on %s: %s. It isn't told there; run with -update", story, surface, deed)
			}
		}
	}

	var b strings.Builder
	b.WriteString(parityHead)
	p.verbs(t, &b)
	p.dialogs(&b)
	p.views(t, &b)
	p.troubles(t, &b)
	return b.String()
}

// goldenCards lists the golden files of cards and forms, by name.
func goldenCards(t *testing.T, dir string) map[string]bool {
	t.Helper()
	files := must(filepath.Glob(filepath.Join(dir, "*.json")))(t)
	names := map[string]bool{}
	for _, f := range files {
		names[strings.TrimSuffix(filepath.Base(f), ".json")] = true
	}
	return names
}

// goldenTitles lists the titles of the forms in golden files.
func goldenTitles(t *testing.T, dir string) map[string]bool {
	t.Helper()
	titles := map[string]bool{}
	for name := range goldenCards(t, dir) {
		if !strings.HasPrefix(name, "form_") {
			continue
		}
		raw, err := os.ReadFile(filepath.Join(dir, name+".json")) //nolint:gosec // a golden file
		check(t, err)
		var form struct{ Title json.RawMessage } // Slack's is an object with a text
		check(t, json.Unmarshal(raw, &form))
		var title string
		var object struct{ Text string }
		if json.Unmarshal(form.Title, &title) != nil {
			check(t, json.Unmarshal(form.Title, &object))
			title = object.Text
		}
		if title == "" {
			t.Errorf("%s/%s.json: a form without title", dir, name)
		}
		titles[title] = true
	}
	return titles
}

// row writes a line of a table. cell returns what is known of a surface, or "" if nothing is.
func row(b *strings.Builder, name string, cell func(surface string) string) {
	fmt.Fprintf(b, "| %s |", name)
	for _, surface := range []string{onSlack, onTeams} {
		known := cell(surface)
		phone := "unverified"
		if known == "" {
			known, phone = "–", "–"
		}
		fmt.Fprintf(b, " %s | %s |", known, phone)
	}
	b.WriteString("\n")
}

func head(b *strings.Builder, title, about string) {
	fmt.Fprintf(b, "## %s\n\n%s\n\n| %s|---|---|---|---|---|\n", title, about, columns)
}

// ways lists the claimed deeds that begin with some words, without them and with their story: "text (verbs)".
func (p *parity) ways(surface, begin string) []string {
	var list []string
	for _, deed := range slices.Sorted(maps.Keys(p.claims[surface])) {
		if rest, ok := strings.CutPrefix(deed, begin+" "); ok {
			list = append(list, fmt.Sprintf("%s (%s)", rest, p.claims[surface][deed]))
		}
	}
	return list
}

// verbs writes the table of what people do, with a line for each bridge.Verb.
func (p *parity) verbs(t *testing.T, b *strings.Builder) {
	t.Helper()
	head(b, "What people do",
		"By typed text, `@Parley`, slash command, button, form, a message's menu, emoji; or found later, when the connection was gone.")
	for _, c := range constants(t, "../../../bridge/action.go", "Verb") {
		about := c.comment
		if v, ok := verb.Find(c.value); ok {
			about = v.Help.Sentence
		}
		if c.value == string(bridge.VerbUnknown) {
			about = "what looks like a verb and isn't one"
		}

		row(b, "`"+c.value+"` "+tidy(about), func(surface string) string {
			ways := p.ways(surface, "verb "+c.value)
			if len(ways) == 0 && slices.ContainsFunc(slices.Collect(maps.Keys(p.drawn[surface])), func(n string) bool {
				return n == "form_"+c.value
			}) {
				return "*drawn*"
			}
			return strings.Join(ways, ", ")
		})
	}
	b.WriteString("\n")
}

// dialogs writes the table of forms and windows, with a line for each that somebody was shown or that a golden file draws.
func (p *parity) dialogs(b *strings.Builder) {
	head(b, "Forms and windows", "By the title that people read.")
	all := map[string]bool{}
	for _, title := range p.claimed("dialog") {
		all[title] = true
	}
	for _, drawn := range p.titles {
		maps.Copy(all, drawn)
	}
	for _, title := range slices.Sorted(maps.Keys(all)) {
		row(b, title, func(surface string) string {
			if story := p.claims[surface]["dialog "+title]; story != "" || !p.titles[surface][title] {
				return story
			}
			return "*drawn*"
		})
	}
	b.WriteString("\n")
}

// claimed lists the deeds of a kind that are claimed on any surface.
func (p *parity) claimed(kind string) []string {
	titles := map[string]bool{}
	for _, list := range p.claims {
		for deed := range list {
			if title, ok := strings.CutPrefix(deed, kind+" "); ok {
				titles[title] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(titles))
}

// views writes the table of what Parley posts, with a line for each kind of post, line and mark.
func (p *parity) views(t *testing.T, b *strings.Builder) {
	t.Helper()
	head(b, "What Parley shows", "In the thread, or to one person alone.")
	for _, c := range constants(t, "../../../bridge/post.go", "PostKind") {
		switch bridge.PostKind(c.value) {
		case bridge.PostLine, bridge.PostEphemeral, bridge.PostMark: // listed below by their content
			continue
		case bridge.PostRoot, bridge.PostCard, bridge.PostSaid, bridge.PostFiles:
		}
		row(b, tidy(c.comment), func(surface string) string { return p.shows(surface, "card_"+c.value, "view "+c.value) })
	}
	for _, c := range constants(t, "../../../bridge/post.go", "Mark") {
		row(b, "mark: "+c.value, func(surface string) string { return p.shows(surface, "", "view mark "+c.value) })
	}
	for _, c := range constants(t, "../../../bridge/linekind.go", "LineKind") {
		row(b, "`"+c.value+"` "+tidy(c.comment), func(surface string) string {
			return p.shows(surface, "card_line_"+c.value, "view line "+c.value, "view whisper "+c.value)
		})
	}
	b.WriteString("\n")
}

// shows returns the stories of some deeds. If there are none, it says whether a card is drawn.
func (p *parity) shows(surface, card string, deeds ...string) string {
	var list []string
	for _, deed := range deeds {
		if story := p.claims[surface][deed]; story != "" && !slices.Contains(list, story) {
			list = append(list, story)
		}
	}
	if len(list) == 0 && p.drawn[surface][card] {
		return "*drawn*"
	}
	return strings.Join(list, ", ")
}

// troubles writes the table of what happened to a surface without harm, with a line for each trouble of the stories.
func (p *parity) troubles(t *testing.T, b *strings.Builder) {
	t.Helper()
	head(b, "What may happen to it", "Nothing is lost or doubled by any of it.")
	sentences := troubleSentences()
	for _, word := range p.claimed("trouble") {
		if sentences[word] == "" {
			t.Errorf("docs/parity.md has no sentence for: surface %s", word)
		}
		row(b, sentences[word], func(surface string) string { return p.claims[surface]["trouble "+word] })
	}
}

// troubleSentences explains the words of surfaceCommand.
func troubleSentences() map[string]string {
	return map[string]string{
		"archives":                 "the channel is archived",
		"unarchives":               "an archived channel is opened again",
		"expels":                   "Parley is removed from the channel",
		"invites":                  "Parley, removed from the channel, is let in again",
		"deletes":                  "the channel is deleted",
		"restores":                 "a deleted channel is restored",
		"uninstalls":               "the app is removed",
		"vanishes":                 "nothing can be said to the chat, or heard from it, until it is back",
		"reinstalls":               "the app, removed, is installed again",
		"renames":                  "the channel gets another name",
		"moves":                    "the channel gets another id",
		"removes":                  "a thread's first message is deleted",
		"retires":                  "an agent's account is switched off",
		"unfurls":                  "a link preview appears under a message",
		"disconnects":              "the connection breaks, and what happens meanwhile is never told",
		"forgets":                  "events never come",
		"repeats":                  "every event comes twice",
		"reorders":                 "an event overtakes another",
		"mumbles":                  "events come that nobody understands",
		"withholds":                "Parley may not read the files of channels",
		"permits":                  "Parley may read the messages of channels from now on",
		"fails slow-down":          "a post is answered with 429 and Retry-After",
		"fails slow-down-untold":   "a post is answered with 429 alone",
		"fails slow-down-politely": "a post is answered with 200 and an error that means 429",
		"fails broken":             "a post is answered with 502",
		"fails broken-after":       "a post is answered with 502, and was made",
		"fails cut-after":          "the connection breaks after a post was made",
		"fails blank":              "a post is answered with 200 and nothing else",
	}
}

// tidy makes a comment of the code fit into a table.
func tidy(comment string) string {
	comment, _, _ = strings.Cut(strings.TrimPrefix(strings.TrimSpace(comment), "* "), ";")
	return strings.ReplaceAll(comment, "|", `\|`)
}

// constant is a constant of Go code, with its comment.
type constant struct{ value, comment string }

// constants lists the constants of a type in a file, in order, except for an empty value. So a new constant can't be
// forgotten.
func constants(t *testing.T, file, kind string) []constant {
	t.Helper()
	tree := must(parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments))(t)
	var list []constant
	ast.Inspect(tree, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || len(spec.Values) != 1 {
			return true
		}
		name, named := spec.Type.(*ast.Ident)
		literal, text := spec.Values[0].(*ast.BasicLit)
		if !named || !text || name.Name != kind {
			return true
		}
		value := must(strconv.Unquote(literal.Value))(t)
		if value != "" {
			list = append(list, constant{value, strings.TrimSpace(cmp.Or(spec.Comment.Text(), ""))})
		}
		return true
	})

	if len(list) == 0 {
		t.Fatalf("%s has no constants of type %s", file, kind)
	}
	return list
}

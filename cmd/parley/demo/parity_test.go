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

This page is written by tests: ` + "`go test ./cmd/parley/demo -run 'TestScenarios|TestParity' -update`" + `. The stories of
` + "`cmd/parley/demo/testdata`" + ` are played against emulators of both chats, and a story fails when it no longer shows what it
showed; ` + "`testdata/parity`" + ` says which story shows what. *drawn*: a golden file shows the card or form, no story does. No test
runs on a phone.
`

// thing is something that people do or see, with what is known of it on each surface: a story, "*drawn*", or nothing.
type thing struct {
	name, about string
	known       map[string]string // surface → story
}

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

	var different, same strings.Builder
	for _, part := range []struct {
		title  string
		things []thing
	}{
		{title: "What people do", things: p.verbs(t)},
		{title: "Forms and windows", things: p.dialogs()},
		{title: "What Parley shows", things: p.views(t)},
		{title: "What may happen to the chat, without loss or doubles", things: p.troubles(t)},
	} {
		lists := map[string][]string{} // what both surfaces have, and what neither has
		for _, th := range part.things {
			slack, teams := cmp.Or(th.known[onSlack], "–"), cmp.Or(th.known[onTeams], "–")
			switch isStory(slack) + isStory(teams) {
			case 2: //nolint:mnd // both
				lists["in both"] = append(lists["in both"], th.name)
			case 1:
				fmt.Fprintf(&different, "| %s | %s | %s |\n", strings.TrimSpace(th.name+" "+th.about), slack, teams)
			default:
				lists["in no story"] = append(lists["in no story"], th.name)
			}
		}
		fmt.Fprintf(&same, "\n## %s\n", part.title)
		for _, about := range slices.Sorted(maps.Keys(lists)) {
			fmt.Fprintf(&same, "\n*%s*: %s\n", about, strings.Join(lists[about], "; "))
		}
	}
	return parityHead + "\n## Not the same in both\n\n| | Slack | Teams |\n|---|---|---|\n" + different.String() + same.String()
}

// isStory is 1 if a story shows something, else 0.
func isStory(known string) int {
	if known == "–" || known == "*drawn*" {
		return 0
	}
	return 1
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

// known asks for both surfaces.
func known(cell func(surface string) string) map[string]string {
	return map[string]string{onSlack: cell(onSlack), onTeams: cell(onTeams)}
}

// verbs lists what people do, one for each bridge.Verb.
func (p *parity) verbs(t *testing.T) (list []thing) {
	t.Helper()
	for _, c := range constants(t, "../../../bridge/action.go", "Verb") {
		about := tidy(c.comment)
		if v, ok := verb.Find(c.value); ok {
			about = v.Help.Sentence
		}
		list = append(list, thing{name: "`" + c.value + "`", about: about, known: known(func(surface string) string {
			if ways := p.claimed("verb "+c.value, surface); len(ways) > 0 {
				return p.claims[surface]["verb "+c.value+" "+ways[0]]
			}
			return p.shows(surface, "form_"+c.value)
		})})
	}
	return list
}

// dialogs lists forms and windows, one for each that somebody was shown or that a golden file draws.
func (p *parity) dialogs() (list []thing) {
	all := map[string]bool{}
	for _, title := range p.claimed("dialog", onSlack, onTeams) {
		all[title] = true
	}
	for _, drawn := range p.titles {
		maps.Copy(all, drawn)
	}
	for _, title := range slices.Sorted(maps.Keys(all)) {
		list = append(list, thing{name: title, known: known(func(surface string) string {
			if story := p.claims[surface]["dialog "+title]; story != "" || !p.titles[surface][title] {
				return story
			}
			return "*drawn*"
		})})
	}
	return list
}

// claimed lists the deeds of a kind that are claimed on some surfaces, without the kind.
func (p *parity) claimed(kind string, surfaces ...string) []string {
	rests := map[string]bool{}
	for _, surface := range surfaces {
		for deed := range p.claims[surface] {
			if rest, ok := strings.CutPrefix(deed, kind+" "); ok {
				rests[rest] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(rests))
}

// views lists what Parley posts, one for each kind of post, line and mark.
func (p *parity) views(t *testing.T) (list []thing) {
	t.Helper()
	add := func(name, about, card string, deeds ...string) {
		list = append(list, thing{name: name, about: about, known: known(func(surface string) string { return p.shows(surface, card, deeds...) })})
	}
	for _, c := range constants(t, "../../../bridge/post.go", "PostKind") {
		switch bridge.PostKind(c.value) {
		case bridge.PostLine, bridge.PostEphemeral, bridge.PostMark: // listed below by their content
			continue
		case bridge.PostRoot, bridge.PostCard, bridge.PostSaid, bridge.PostFiles:
		}
		add("`"+c.value+"`", tidy(c.comment), "card_"+c.value, "view "+c.value)
	}
	for _, c := range constants(t, "../../../bridge/post.go", "Mark") {
		add("the mark `"+c.value+"`", "", "", "view mark "+c.value)
	}
	for _, c := range constants(t, "../../../bridge/linekind.go", "LineKind") {
		add("`"+c.value+"`", tidy(c.comment), "card_line_"+c.value, "view line "+c.value, "view whisper "+c.value)
	}
	return list
}

// shows returns the story of the first of some deeds that is claimed. If none is, it says whether a card is drawn.
func (p *parity) shows(surface, card string, deeds ...string) string {
	for _, deed := range deeds {
		if story := p.claims[surface][deed]; story != "" {
			return story
		}
	}
	if p.drawn[surface][card] {
		return "*drawn*"
	}
	return ""
}

// troubles lists what happened to a surface without harm, one for each trouble of the stories.
func (p *parity) troubles(t *testing.T) (list []thing) {
	t.Helper()
	sentences := troubleSentences()
	for _, word := range p.claimed("trouble", onSlack, onTeams) {
		if sentences[word] == "" {
			t.Errorf("docs/parity.md has no sentence for: surface %s", word)
		}
		list = append(list, thing{name: sentences[word], known: known(func(surface string) string { return p.claims[surface]["trouble "+word] })})
	}
	return list
}

// troubleSentences explains the words of surfaceCommand.
func troubleSentences() map[string]string {
	return map[string]string{
		"archives":                 "the channel is archived",
		"unarchives":               "an archived channel is opened again",
		"deletes":                  "the channel is deleted",
		"restores":                 "a deleted channel is restored",
		"vanishes":                 "nothing can be said to the chat, or heard from it, until it is back",
		"removes":                  "a thread's first message is deleted",
		"disconnects":              "the connection breaks, and what happens meanwhile is never told",
		"repeats":                  "every event comes twice",
		"reorders":                 "an event overtakes another",
		"withholds":                "Parley may not read the files of channels",
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

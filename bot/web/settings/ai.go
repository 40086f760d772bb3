package settings

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"parley/bot/web"
	"parley/bridge/analysis"
	"parley/bridge/setup"
)

const (
	aiPath        = "/settings/ai"
	knowledgePath = "/settings/ai/knowledge"
	tryPath       = "/settings/ai/try"

	knowledgeKey  = "knowledge"
	maxTryRunes   = 5000
	answerTimeout = 25 * time.Second // less than a page may take
)

// Place is a folder or a web site with a company's knowledge. The AI uses its texts when it suggests replies to
// agents.
type Place struct {
	Place   string
	ReadAt  time.Time // when it was read; zero if not yet
	Pages   int       // that were read
	Problem string
}

type placeRow struct {
	Place

	Last string // when it was read, in words
}

// aiPages has the page about the analysis of what customers write.
type aiPages struct{ pages }

func (p aiPages) listRoutes() []web.Route {
	return []web.Route{
		{Pattern: "GET " + aiPath, For: web.Admins, Do: p.showAI},
		{Pattern: "POST " + aiPath, For: web.Admins, Do: p.saveAI},
		{Pattern: "POST " + knowledgePath, For: web.Admins, Do: p.saveKnowledge},
		{Pattern: "POST " + tryPath, For: web.Admins, Do: p.tryAI},
	}
}

// aiScreen is the page with its three forms: the settings, the places, and a text to try.
type aiScreen struct {
	Settings, Knowledge web.Form
	Places              []placeRow
	Text                web.Field
	Found               *analysis.Answer // what a text to try led to; nil if none was tried

	company, known *setup.Entry // the entries of the company, and of what is known
}

// aiForms makes the page as it is stored.
func (p aiPages) aiForms(v *web.Visit) (*aiScreen, error) {
	all, err := p.desk.Entries(v.Context())
	if err != nil {
		return nil, err
	}

	company := find(all, setup.EntryCompany, "")
	known := find(all, setup.EntryKnowledge, "")
	s := &aiScreen{
		company: company,
		known:   known,
		Text:    web.Field{Name: "text", Label: "What a customer might write", Kind: web.KindText},
	}

	paths := []string{"settings.language"}
	for _, f := range p.desk.Fields(setup.EntryCompany, "") {
		if f.Path == "settings.ai" || strings.HasPrefix(f.Path, "settings.ai_") {
			paths = append(paths, f.Path)
		}
	}

	s.Settings = formOf(aiPath, p.desk.Fields(setup.EntryCompany, ""), company, []fieldGroup{{
		title: "Settings of all accounts",
		help:  "An account may choose otherwise for itself.",
		paths: paths,
	}})
	places := web.Field{
		Name:  knowledgeKey,
		Label: "Folders and web sites",
		Kind:  web.KindLines,
		Value: strings.Join(placesOf(known), "\n"),
		Help: "One a line: `/srv/knowledge` on the machine on which Parley runs, or `https://example.com/help/`. " +
			"Super-admins name folders, since every text in them may come up in a reply.",
	}

	s.Knowledge = web.Form{Action: knowledgePath, Version: known.Version, Groups: []web.Group{
		{Title: "What suggested replies may draw on", Fields: []web.Field{places}},
	}}

	read, err := p.desk.Places(v.Context())
	if err != nil {
		return nil, err
	}

	for _, place := range read {
		s.Places = append(s.Places, placeRow{place, agoWords(v.Now(), place.ReadAt)})
	}

	return s, nil
}

// placesOf lists the folders and sites of the entry, in its order.
func placesOf(e *setup.Entry) (places []string) {
	for i := 0; ; i++ {
		at := fmt.Sprintf("%s.%d.", knowledgeKey, i)
		place := e.Value(at+"folder") + e.Value(at+"url")
		if place == "" {
			return places
		}
		places = append(places, place)
	}
}

func (s *aiScreen) makeScreen() web.Screen {
	return web.Screen{
		Title: "AI",
		Help:  "What customers write is read by a machine, which notes mood, urgency and wishes for colleagues. It answers nobody.",
		Data:  s,
	}
}

func (p aiPages) showAI(v *web.Visit) error {
	s, err := p.aiForms(v)
	if err != nil {
		return err
	}
	return v.Show("ai", s.makeScreen())
}

func (p aiPages) saveAI(v *web.Visit) error {
	s, err := p.aiForms(v)
	if err != nil {
		return err
	}
	c := setup.Change{Kind: setup.EntryCompany, Version: v.Value("version"), Values: changeOf(v, s.Settings, s.company)}
	result, done, err := p.trySave(v, c, &s.Settings)
	if err != nil {
		return err
	}
	if !done {
		return v.ShowAgain("ai", s.makeScreen())
	}
	return answerSaved(v, aiPath, result.About("settings"))
}

func (p aiPages) saveKnowledge(v *web.Visit) error {
	s, err := p.aiForms(v)
	if err != nil {
		return err
	}

	lines := trimValues(s.Knowledge.Groups[0].Fields[0], v.Request.PostForm[knowledgeKey])
	values := map[string][]string{}
	if !slices.Equal(lines, placesOf(s.known)) {
		values[knowledgeKey] = nil
		for i, line := range lines {
			kind := "folder"
			if strings.Contains(line, "://") {
				kind = "url"
			}
			values[fmt.Sprintf("%s.%d.%s", knowledgeKey, i, kind)] = []string{line}
		}
	}

	result, done, err := p.trySave(v, setup.Change{Kind: setup.EntryKnowledge, Version: v.Value("version"), Values: values}, &s.Knowledge)
	if err != nil {
		return err
	}

	if !done {
		return v.ShowAgain("ai", s.makeScreen())
	}

	return answerSaved(v, aiPath, result.About("knowledge"))
}

// tryAI analyses a text as if a customer had written it. Nothing of it is stored.
func (p aiPages) tryAI(v *web.Visit) error {
	s, err := p.aiForms(v)
	if err != nil {
		return err
	}

	s.Text.Value = v.Value("text")
	switch {
	case s.Text.Value == "":
		s.Text.Problem = "Write something that a customer might write."
	case len([]rune(s.Text.Value)) > maxTryRunes:
		s.Text.Problem = fmt.Sprintf("It has more than %d characters. Try a shorter one.", maxTryRunes)
	default:
		ctx, cancel := context.WithTimeout(v.Context(), answerTimeout)
		defer cancel()
		found, err := p.desk.Try(ctx, s.Text.Value)
		if err == nil {
			found.Intents = slices.Clone(found.Intents)
			for i, intent := range found.Intents {
				found.Intents[i] = strings.ReplaceAll(intent, "_", " ")
			}
			s.Found = &found
			return v.Show("ai", s.makeScreen())
		}

		s.Text.Problem = "Nothing answered: " + err.Error()
	}

	return v.ShowAgain("ai", s.makeScreen())
}

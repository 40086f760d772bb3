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

// The page "AI". It has three forms: settings of the AI that analyses what customers write, the places (folders and web
// sites) whose texts it uses to suggest replies, and a text to try the analysis with.

const (
	aiPath        = "/settings/ai"
	knowledgePath = "/settings/ai/knowledge"
	tryPath       = "/settings/ai/try"

	knowledgeKey  = "knowledge"
	maxTryRunes   = 5000
	answerTimeout = 25 * time.Second // less than the time limit of a page
)

// Place is a folder or a web site with a company's knowledge.
type Place struct {
	Place   string    // a path or a URL
	ReadAt  time.Time // when it was last read; zero if not yet
	Pages   int       // the number of pages that were read
	Problem string    // why it could not be read
}

type placeRow struct {
	Place

	Last string // ReadAt as text: "2 hours ago"
}

// aiPages has the handlers of the page.
type aiPages struct{ pages }

func (p aiPages) listRoutes() []web.Route {
	return []web.Route{
		{Pattern: "GET " + aiPath, For: web.Admins, Do: p.showAI},
		{Pattern: "POST " + aiPath, For: web.Admins, Do: p.saveAI},
		{Pattern: "POST " + knowledgePath, For: web.Admins, Do: p.saveKnowledge},
		{Pattern: "POST " + tryPath, For: web.Admins, Do: p.tryAI},
	}
}

// aiScreen is the template data of the page.
type aiScreen struct {
	Settings, Knowledge web.Form
	Places              []placeRow
	Text                web.Field        // the text to try
	Found               *analysis.Answer // the result of trying it; nil if none was tried

	company, known *setup.Entry // the stored settings and places; both entries always exist
}

// aiForms returns the page with the stored values.
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

	s.Settings = formOf(aiPath, p.desk.Fields(setup.EntryCompany, ""), company, []fieldGroup{{
		title: "Settings of all accounts",
		help:  "An account may choose otherwise for itself, on its tab Rules.",
		paths: settingsOf("ai"),
	}})
	places := web.Field{
		Name:  knowledgeKey,
		Label: "Folders and web pages",
		Kind:  web.KindLines,
		Value: strings.Join(placesOf(known), "\n"),
		Help: "One a line: `/srv/knowledge` on the machine on which Parley runs, or `https://example.com/help/returns`. " +
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
		s.Places = append(s.Places, placeRow{Place: place, Last: agoWords(v.Now(), place.ReadAt)})
	}

	return s, nil
}

// placesOf returns the folders and sites of an entry. They are its values at "knowledge.0.folder", "knowledge.1.url" and
// so on.
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

// showAI shows the page.
func (p aiPages) showAI(v *web.Visit) error {
	s, err := p.aiForms(v)
	if err != nil {
		return err
	}
	return v.Show("ai", s.makeScreen())
}

// saveAI saves the settings.
func (p aiPages) saveAI(v *web.Visit) error {
	s, err := p.aiForms(v)
	if err != nil {
		return err
	}
	return p.saveForm(v, changeTo(v, s.company, changeOf(v, s.Settings, s.company)), &s.Settings, aiPath, func() error {
		return v.ShowAgain("ai", s.makeScreen())
	})
}

// saveKnowledge saves the list of places. It replaces the whole list if one of them has changed.
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

	return p.saveForm(v, changeTo(v, s.known, values), &s.Knowledge, aiPath, func() error { return v.ShowAgain("ai", s.makeScreen()) })
}

// tryAI analyses a text as if a customer had written it, and shows the result. It stores nothing.
func (p aiPages) tryAI(v *web.Visit) error {
	s, err := p.aiForms(v)
	if err != nil {
		return err
	}

	s.Text.Value = v.Value("text")
	s.Text.Problem = tryProblem(s.Text.Value)
	if s.Text.Problem != "" {
		return v.ShowAgain("ai", s.makeScreen())
	}

	ctx, cancel := context.WithTimeout(v.Context(), answerTimeout)
	defer cancel()
	found, err := p.desk.Try(ctx, s.Text.Value)
	if err != nil {
		s.Text.Problem = "Nothing answered: " + err.Error()
		return v.ShowAgain("ai", s.makeScreen())
	}

	found.Intents = slices.Clone(found.Intents)
	for i, intent := range found.Intents {
		found.Intents[i] = strings.ReplaceAll(intent, "_", " ")
	}
	s.Found = &found
	return v.Show("ai", s.makeScreen())
}

// tryProblem returns what is wrong with a text to try; "" means nothing.
func tryProblem(text string) string {
	if text == "" {
		return "Write something that a customer might write."
	}
	if len([]rune(text)) > maxTryRunes {
		return fmt.Sprintf("It has more than %d characters. Try a shorter one.", maxTryRunes)
	}
	return ""
}

package settings

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"parley/bot/web"
	"parley/bridge/setup"
)

// The pages of an account's rules, which say who gets its conversations: the list of the rules as sentences, and a form for one rule.
// They are values of the account below the path "rules", and a change replaces all of them together.

// newRule stands in the URL in the place of a rule's number, which begins with 1.
const newRule = "new"

// rulesPages has the handlers of the pages.
type rulesPages struct{ pages }

func (p rulesPages) listRoutes() []web.Route {
	const list = accountsPath + "/{name}/rules"
	return []web.Route{
		{Pattern: "GET " + list, For: web.Admins, Do: p.showRules},
		{Pattern: "POST " + list, For: web.Admins, Do: p.saveFallback},
		{Pattern: "POST " + list + "/try", For: web.Admins, Do: p.tryRules},
		{Pattern: "GET " + list + "/{rule}", For: web.Admins, Do: p.showRule},
		{Pattern: "POST " + list + "/{rule}", For: web.Admins, Do: p.saveRule},
		{Pattern: "POST " + list + "/{rule}/move", For: web.Admins, Do: p.moveRule},
	}
}

func rulesPath(e *setup.Entry) string { return accountPath(e.Name) + "/rules" }

// rule has the values of one rule by their paths, such as "by" and "when.language".
type rule map[string][]string

// rulesOf returns the rules of an account.
func rulesOf(e *setup.Entry) []rule {
	list := make([]rule, len(e.Rules()))
	for path, values := range e.Values {
		rest, isOfRule := strings.CutPrefix(path, setup.RulesPath+".")
		number, key, _ := strings.Cut(rest, ".")
		n, err := strconv.Atoi(number)
		if !isOfRule || err != nil || n >= len(list) {
			continue
		}
		if list[n] == nil {
			list[n] = rule{}
		}
		list[n][key] = values
	}
	return list
}

// changeRules returns the change that replaces all rules of an account.
func changeRules(v *web.Visit, e *setup.Entry, rules []rule) setup.Change {
	values := map[string][]string{setup.RulesPath: nil}
	for n, r := range rules {
		for key, value := range r {
			values[fmt.Sprintf("%s.%d.%s", setup.RulesPath, n, key)] = value
		}
	}
	return setup.Change{Kind: e.Kind, Name: e.Name, Channel: e.Channel, Version: v.Value("version"), Values: values}
}

// rulesScreen is the template data of the list.
type rulesScreen struct {
	Path, Version string
	Rules         []ruleRow
	Fallback      web.Form
	Try           web.Form
	Tried         *RuleTrial // nil if nothing was tried
}

// RuleTrial says who would get a conversation.
type RuleTrial struct {
	Outcome string
	Reasons []string // why nobody else
}

// ruleRow is a rule in the list.
type ruleRow struct {
	Number      int // from 1
	Sentence    string
	First, Last bool
}

// makeRules returns the list of an account's rules with the form of what happens without one.
func (p rulesPages) makeRules(all []setup.Entry, e *setup.Entry) *rulesScreen {
	s := &rulesScreen{Path: rulesPath(e), Version: e.Version}
	sentences := e.Rules()
	for i, sentence := range sentences {
		s.Rules = append(s.Rules, ruleRow{Number: i + 1, Sentence: sentence, First: i == 0, Last: i == len(sentences)-1})
	}

	chosen := e.Value(setup.FallbackPath)
	choices := []web.Choice{{Text: "nobody: it waits in the queue"}}
	for _, a := range ofKind(all, setup.EntryAgent) {
		choices = append(choices, web.Choice{Value: a.Name, Text: a.Value("name") + " (" + a.Name + ")"})
	}
	for _, name := range namesOf(all, setup.EntryTeam) {
		choices = append(choices, web.Choice{Value: name, Text: "the team " + name})
	}
	fields := withCompanyDefaults(p.desk.Fields(setup.EntryAccount, e.Channel), all)
	s.Fallback = formOf(s.Path, fields, e, append([]fieldGroup{{paths: []string{setup.FallbackPath}}}, append(ruleSettings(true),
		fieldGroup{title: "AI", folded: true, paths: settingsOf("ai")})...))
	fallback := findField(&s.Fallback, setup.FallbackPath)
	fallback.Label, fallback.Kind, fallback.Value = "Who gets what no rule gives to anybody", web.KindChoice, chosen
	fallback.Choices, fallback.Help = chooseAlso(choices, chosen), ""
	s.Try = web.Form{Action: s.Path + "/try", Submit: "Try it", Groups: []web.Group{{Fields: []web.Field{
		{Name: "address", Label: "A customer's address or number", Placeholder: "ann@shop.example"},
		{Name: "text", Label: "What the customer writes", Kind: web.KindText},
	}}}}
	return s
}

// chooseAlso marks the choice with a value, which it adds if it is missing: it may have been typed in a file.
func chooseAlso(choices []web.Choice, value string) []web.Choice {
	i := slices.IndexFunc(choices, func(c web.Choice) bool { return strings.EqualFold(c.Value, value) })
	if i < 0 {
		choices, i = append(choices, web.Choice{Value: value, Text: value}), len(choices)
	}
	choices[i].Value, choices[i].Chosen = value, true
	return choices
}

func (s *rulesScreen) screen(e *setup.Entry) web.Screen {
	return web.Screen{
		Title: "Rules of " + e.Name,
		Tabs:  accountTabs(e, "Rules"),
		Help: "The rules are asked in order, as soon as a conversation has its thread. The first that finds somebody who is there and has " +
			"room gives it to that person. What nobody can take waits for the next who can.",
		Data: s,
	}
}

// withRules calls do with the account in the URL and the list of its rules.
func (p rulesPages) withRules(v *web.Visit, do func(*setup.Entry, *rulesScreen) error) error {
	return p.withEntries(v, setup.EntryAccount, "account", func(all []setup.Entry, e *setup.Entry) error {
		return do(e, p.makeRules(all, e))
	})
}

func (p rulesPages) showRules(v *web.Visit) error {
	return p.withRules(v, func(e *setup.Entry, s *rulesScreen) error { return v.Show("rules", s.screen(e)) })
}

func (p rulesPages) saveFallback(v *web.Visit) error {
	return p.withRules(v, func(e *setup.Entry, s *rulesScreen) error {
		return p.saveForm(v, changeTo(v, e, changeOf(v, s.Fallback, e)), &s.Fallback, s.Path, func() error {
			return v.ShowAgain("rules", s.screen(e))
		})
	})
}

// tryRules shows who would get a conversation that begins with the submitted text now. It changes nothing.
func (p rulesPages) tryRules(v *web.Visit) error {
	return p.withRules(v, func(e *setup.Entry, s *rulesScreen) error {
		s.Try.Keep(v, nil)
		s.Try.Unsaved = false
		if text := findField(&s.Try, "text"); len([]rune(text.Value)) > maxTryRunes {
			text.Problem = tryProblem(text.Value)
			return v.ShowAgain("rules", s.screen(e))
		}
		ctx, cancel := context.WithTimeout(v.Context(), answerTimeout)
		defer cancel()
		tried, err := p.desk.TryRules(ctx, e.Name, v.Value("address"), v.Value("text"))
		if err != nil {
			return err
		}
		s.Tried = &tried
		return v.Show("rules", s.screen(e))
	})
}

// moveRule moves the rule in the URL up or down, or removes it.
func (p rulesPages) moveRule(v *web.Visit) error {
	return p.withAccountEntry(v, func(e *setup.Entry) error {
		rules := rulesOf(e)
		n, ok := ruleIndex(v, len(rules))
		if !ok || n == len(rules) {
			return v.NotFound()
		}
		moved := rules[n]
		rules = slices.Delete(rules, n, n+1)
		switch v.Value("do") {
		case "up":
			rules = slices.Insert(rules, max(n-1, 0), moved)
		case "down":
			rules = slices.Insert(rules, min(n+1, len(rules)), moved)
		case "remove":
		default:
			return v.NotFound()
		}
		return p.changeAtOnce(v, changeRules(v, e, rules), rulesPath(e))
	})
}

// ruleIndex returns the index of the rule in the URL, which is n for a new one. ok is false if there is no such rule.
func ruleIndex(v *web.Visit, n int) (index int, ok bool) {
	number := v.Request.PathValue("rule")
	if number == newRule {
		return n, true
	}
	index, err := strconv.Atoi(number)
	return index - 1, err == nil && index >= 1 && index <= n
}

// withRule calls do with the account and the rule in the URL and its form.
func (p rulesPages) withRule(v *web.Visit, do func(e *setup.Entry, n int, form *web.Form) error) error {
	return p.withEntries(v, setup.EntryAccount, "account", func(all []setup.Entry, e *setup.Entry) error {
		n, ok := ruleIndex(v, len(e.Rules()))
		if !ok {
			return v.NotFound()
		}
		form := p.ruleForm(all, e, n)
		form.Action = rulesPath(e) + "/" + v.Request.PathValue("rule")
		return do(e, n, &form)
	})
}

// ruleForm returns the form of a rule.
func (p rulesPages) ruleForm(all []setup.Entry, e *setup.Entry, n int) web.Form {
	at := fmt.Sprintf("%s.%d.", setup.RulesPath, n)
	form := formOf("", setup.RuleFields(at), e, []fieldGroup{
		{paths: []string{at + "by", at + "skill", at + "field", at + "team"}},
		{title: "Only if", paths: []string{at + "when."},
			help: "All that you fill in must be met. With nothing filled in, the rule is always asked."},
	})
	form.Back = rulesPath(e)

	var channels []web.Choice
	for _, c := range p.desk.Channels() {
		channels = append(channels, web.Choice{Value: c.Kind, Text: c.Name})
	}
	for key, choices := range map[string][]web.Choice{
		"team": web.Choose(nil, namesOf(all, setup.EntryTeam)...), "when.tag": web.Choose(nil, namesOf(all, setup.EntryTag)...),
		"when.channel": channels,
	} {
		field := findField(&form, at+key)
		field.Kind, field.Choices = web.KindChoice, append([]web.Choice{{}}, choices...)
	}
	for g := range form.Groups {
		for i := range form.Groups[g].Fields {
			if f := &form.Groups[g].Fields[i]; f.Kind == web.KindChoice {
				f.Choices = chooseAlso(f.Choices, f.Value)
				f.Choices[0].Text = map[bool]string{true: "not chosen", false: "whatever it is"}[g == 0]
			}
		}
	}
	return form
}

func ruleScreen(e *setup.Entry, n int, form *web.Form) web.Screen {
	s := web.Screen{Title: fmt.Sprintf("Rule %d of %s", n+1, e.Name), Data: form, Tabs: accountTabs(e, "Rules")}
	if sentences := e.Rules(); n < len(sentences) {
		s.Help = sentences[n] + "."
	}
	return s
}

func (p rulesPages) showRule(v *web.Visit) error {
	return p.withRule(v, func(e *setup.Entry, n int, form *web.Form) error { return v.Show("new", ruleScreen(e, n, form)) })
}

// saveRule saves the submitted rule.
func (p rulesPages) saveRule(v *web.Visit) error {
	return p.withRule(v, func(e *setup.Entry, n int, form *web.Form) error {
		at := fmt.Sprintf("%s.%d.", setup.RulesPath, n)
		sent := rule{}
		for _, g := range form.Groups {
			for _, f := range g.Fields {
				if value := v.Value(f.Name); value != "" {
					sent[strings.TrimPrefix(f.Name, at)] = []string{value}
				}
			}
		}
		isStale := v.Value("version") != e.Version // which is said first
		if problems := ruleProblems(at, sent); len(problems) > 0 && !isStale {
			form.Keep(v, problems)
			return v.ShowAgain("new", ruleScreen(e, n, form))
		}

		rules := append(rulesOf(e), nil)
		change := changeTo(v, e, nil)
		if !maps.EqualFunc(rules[n], sent, slices.Equal) {
			rules[n] = sent
			change = changeRules(v, e, rules)
		}
		return p.saveForm(v, change, form, rulesPath(e), func() error { return v.ShowAgain("new", ruleScreen(e, n, form)) })
	})
}

// ruleProblems says what is wrong with a rule that is filled in by half, by the names of the fields.
func ruleProblems(at string, r rule) map[string]string {
	problems := map[string]string{}
	by := strings.Join(r["by"], "")
	if by == "" {
		problems[at+"by"] = "Choose who gets it."
	}
	for key, what := range map[string]string{"skill": "a skill", "field": "a field of the customer", "team": "another team"} {
		isGiven := len(r[key]) > 0
		switch {
		case by == key && !isGiven:
			problems[at+key] = "Say which."
		case by != key && isGiven:
			problems[at+key] = "It only counts with " + what + " above: choose that there, or empty this."
		}
	}
	return problems
}

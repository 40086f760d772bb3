package number

import (
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"parley/bot/web"
	"parley/bridge/setup"
	"parley/channels"
)

// Offered is a number to which a person granted access at Meta.
type Offered struct {
	ID, WABA      string
	Display, Name string
	Registered    bool // with the Cloud API
}

const (
	// stateKey is under which a session holds the state of its attempt to sign up, which is used once.
	stateKey = "number-signup"
	// grantKey is under which it holds what came of the attempt, sealed.
	grantKey = "number-grant"
	// signUpLife is how long a person may take at Meta.
	signUpLife = 30 * time.Minute
)

// ReturnPath is where Meta sends people back to.
func ReturnPath() string { return choosePath + "/return" }

// signUp shows the link to Meta. It is a link, because the browser lets no form of ours lead elsewhere.
func (p pages) signUp(v *web.Visit) error {
	if !p.desk.SignUp() {
		return v.NotFound()
	}
	state := rand.Text()
	v.Remember(stateKey, state+" "+strconv.FormatInt(v.Now().Add(signUpLife).Unix(), 10))
	return v.Show("leave", web.Screen{Title: "Sign up with Meta", Help: "Meta asks who you are, for which business, and which WhatsApp account and number Parley may use. Then you come back here.",
		Data: map[string]any{"Link": p.desk.SignUpLink(state), "Back": choosePath}})
}

// attempt takes the state of the session's attempt, which is over then, and says what is wrong with one that came back.
func (p pages) attempt(v *web.Visit, state string) *web.Problem {
	held, until, _ := strings.Cut(v.Recall(stateKey), " ")
	if held == "" || subtle.ConstantTimeCompare([]byte(held), []byte(state)) != 1 {
		return &web.Problem{Text: "Nobody began this attempt here, or it was finished before.", Hint: "Begin again, in the same browser to the end."}
	}
	v.Remember(stateKey, "")
	if end, err := strconv.ParseInt(until, 10, 64); err != nil || v.Now().Unix() > end {
		return &web.Problem{Text: "This attempt took too long.", Hint: "Begin again; you have " + strconv.Itoa(int(signUpLife.Minutes())) + " minutes."}
	}
	return nil
}

// comeBack takes what Meta sends a person back with.
func (p pages) comeBack(v *web.Visit) error {
	if !p.desk.SignUp() {
		return v.NotFound()
	}
	q := v.Request.URL.Query()
	problem := p.attempt(v, q.Get("state"))
	switch {
	case problem != nil:
	case q.Get("error") == "access_denied":
		problem = &web.Problem{Text: "You did not allow it at Meta, so nothing was changed.", Hint: "Begin again when you want to."}
	case q.Get("code") == "":
		problem = &web.Problem{Text: "What came back from Meta has no code.", Hint: "Begin again; if it stays so, look at the app's configuration at Meta."}
	}
	if problem != nil {
		return v.Refuse(http.StatusBadRequest, problem.Text, problem.Hint)
	}
	token, err := p.desk.FinishSignUp(v.Context(), q.Get("code"))
	switch {
	case errors.As(err, &problem):
		return v.Refuse(http.StatusBadRequest, problem.Text, problem.Hint)
	case err != nil:
		return err
	}
	sealed, err := p.desk.Seal(map[string]string{"token": token})
	if err != nil {
		return err
	}
	v.Remember(grantKey, sealed)
	return v.Go(choosePath + "/numbers")
}

// offering is the page on which one of the granted numbers is chosen.
type offering struct {
	Numbers  []Offered
	Chosen   string
	Fields   []web.Field
	Problems []string
	Address  string
	Action   string
}

func (o *offering) screen() web.Screen {
	return web.Screen{Title: "Choose the number", Help: "It begins in watch mode: conversations appear, and nothing leaves until you turn it live.", Data: o}
}

// granted does something with what the session was granted. Meta is asked anew each time, so that nobody can name a
// number to which access was not granted.
func (p pages) granted(v *web.Visit, do func(token string, o *offering) error) error {
	token := p.desk.Unseal(v.Recall(grantKey))["token"]
	if token == "" || !p.desk.SignUp() {
		return v.Refuse(http.StatusNotFound, "Nobody has signed up with Meta here.", "Begin on the page “Add a WhatsApp number”.")
	}
	numbers, err := p.desk.Offered(v.Context(), token)
	var problem *web.Problem
	switch {
	case errors.As(err, &problem):
		return v.Refuse(http.StatusBadRequest, problem.Text, problem.Hint)
	case err != nil:
		return err
	}
	page, err := p.page(v, guideOf("whatsapp"))
	if err != nil {
		return err
	}
	o := &offering{Numbers: numbers, Action: choosePath + "/numbers", Address: page.Address, Fields: page.here()}
	if slices.ContainsFunc(numbers, func(n Offered) bool { return !n.Registered }) {
		o.Fields = append(o.Fields, web.Field{Name: "pin", Label: "Six digits", Placeholder: "123456",
			Help: "For a number that is new at Meta: the PIN of its two-step verification. If it has none, any six digits become it; note them."})
	}
	o.Chosen = numbers[0].ID
	return do(token, o)
}

// offer shows the numbers.
func (p pages) offer(v *web.Visit) error {
	return p.granted(v, func(_ string, o *offering) error { return v.Show("numbers", o.screen()) })
}

// take adds the chosen number, and lets Meta call Parley.
func (p pages) take(v *web.Visit) error {
	return p.granted(v, func(token string, o *offering) error {
		o.Chosen = v.Value("number")
		i := slices.IndexFunc(o.Numbers, func(n Offered) bool { return n.ID == o.Chosen })
		name, problems := v.Value("name"), map[string]string{}
		switch {
		case i < 0:
			o.Problems = []string{"Choose one of the numbers."}
		case name == "":
			problems["name"] = "This is needed."
		case !o.Numbers[i].Registered:
			var problem *web.Problem
			if err := p.desk.Register(v.Context(), token, o.Numbers[i].ID, v.Value("pin")); errors.As(err, &problem) {
				problems["pin"] = problem.Text
			} else if err != nil {
				return err
			}
		}
		if len(problems) > 0 || len(o.Problems) > 0 {
			return o.again(v, problems)
		}
		return p.takeOver(v, o, o.Numbers[i], name, token)
	})
}

// again shows the page with what is wrong.
func (o *offering) again(v *web.Visit, problems map[string]string) error {
	form := web.Form{Groups: []web.Group{{Fields: o.Fields}}}
	form.Keep(v, problems)
	for _, f := range o.Fields {
		delete(problems, f.Name)
	}
	for _, text := range problems {
		o.Problems = append(o.Problems, text)
	}
	return v.ShowAgain("numbers", o.screen())
}

// takeOver adds the account of a number.
func (p pages) takeOver(v *web.Visit, o *offering, n Offered, name, token string) error {
	values := map[string][]string{"mode": {"watch"}, "whatsapp.phone_number_id": {n.ID}, "whatsapp.waba_id": {n.WABA}, "whatsapp.token": {token},
		"whatsapp.app_secret": {p.desk.SignUpSecret()}, "whatsapp." + verifyField: {rand.Text()}}
	if team := v.Value("team"); team != "" {
		values["team"] = []string{team}
	}
	_, err := p.desk.Save(v.Context(), v.Person, setup.Change{Kind: setup.EntryAccount, Name: name, Channel: "whatsapp", Values: values})
	var refused *setup.Refused
	switch {
	case errors.As(err, &refused):
		o.Problems = append(o.Problems, refused.Others...)
		return o.again(v, refused.Fields)
	case errors.Is(err, setup.ErrExists):
		return o.again(v, map[string]string{"name": "There is one of that name already."})
	case err != nil:
		return err
	}
	v.Remember(grantKey, "")
	return p.hookNew(v, name)
}

// hookNew lets Meta call Parley for an account that was added just now, unless something else stands there: then its
// page shows what, and asks first.
func (p pages) hookNew(v *web.Visit, name string) error {
	const added = "The account was added. It is in watch mode. "
	state, err := p.desk.Hook(v.Context(), name)
	taken := slices.ContainsFunc(state.Values, func(h channels.HookValue) bool { return h.Now != "" && h.Now != h.Wanted })
	if err == nil && !taken {
		err = p.desk.SetHook(v.Context(), v.Person, name)
	}
	var problem *web.Problem
	switch {
	case errors.As(err, &problem):
		return v.Saved(Path("whatsapp", name), added+"Meta could not be told to call Parley yet: "+problem.Error())
	case err != nil:
		return err
	case taken:
		return v.Saved(Path("whatsapp", name), added+"Meta calls another program for this number: look below before you change that.")
	}
	return v.Saved(Path("whatsapp", name), added+"Meta calls Parley.")
}

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

// Signing up with Meta adds a number of WhatsApp without copied ids and tokens. Its steps, in order of the functions:
//
//	signUp       shows the link to Meta, where the admin signs in and grants access to the company's numbers
//	comeBack     Meta sends the admin back with a code, which is exchanged for a token; the session keeps it encrypted
//	showNumbers  offers the numbers to which the token gives access
//	addChosen    adds the chosen number, and makes Meta call Parley

// Offered is a number to which a person granted access at Meta.
type Offered struct {
	ID, WABA      string // Meta's ids of the number, and of the WhatsApp Business Account that has it
	Display, Name string
	Registered    bool // it is registered with the Cloud API already
}

const (
	// stateKey names what a session keeps of an attempt to sign up: a random text that comes back from Meta (OAuth's
	// state), and when the attempt ends. It is used once.
	stateKey = "number-signup"
	// grantKey names the token that the attempt led to, encrypted by Desk.Seal.
	grantKey = "number-grant"
	// signUpTimeout is how long a person may take at Meta.
	signUpTimeout = 30 * time.Minute
)

// ReturnPath is the address to which Meta sends people back.
func ReturnPath() string { return choosePath + "/return" }

// signUp shows the link to Meta. It is a link because the policy of our pages lets no form lead elsewhere.
func (p pages) signUp(v *web.Visit) error {
	if !p.desk.SignUp() {
		return v.NotFound()
	}
	state := rand.Text()
	v.Remember(stateKey, state+" "+strconv.FormatInt(v.Now().Add(signUpTimeout).Unix(), 10))
	return v.Show("leave", web.Screen{
		Title: "Sign up with Meta",
		Help:  "Meta asks who you are, for which business, and which WhatsApp account and number Parley may use. Then you come back here.",
		Data:  map[string]any{"Link": p.desk.SignUpLink(state), "At": "Meta", "Path": choosePath},
	})
}

// endAttempt ends the attempt that the session keeps. It returns nil if state is that of the attempt, and otherwise
// why what came back doesn't count.
func (p pages) endAttempt(v *web.Visit, state string) *web.Problem {
	held, until, _ := strings.Cut(v.Recall(stateKey), " ")
	if held == "" || subtle.ConstantTimeCompare([]byte(held), []byte(state)) != 1 {
		return &web.Problem{
			Text: "Nobody began this attempt here, or it was finished before.",
			Hint: "Begin again, in the same browser to the end.",
		}
	}
	v.Remember(stateKey, "")
	end, err := strconv.ParseInt(until, 10, 64)
	if err != nil || v.Now().Unix() > end {
		return &web.Problem{
			Text: "This attempt took too long.",
			Hint: "Begin again; you have " + strconv.Itoa(int(signUpTimeout.Minutes())) + " minutes.",
		}
	}
	return nil
}

// comeBack handles the address with which Meta sends a person back.
func (p pages) comeBack(v *web.Visit) error {
	if !p.desk.SignUp() {
		return v.NotFound()
	}

	q := v.Request.URL.Query()
	problem := p.endAttempt(v, q.Get("state"))
	if problem != nil {
		return v.Refuse(http.StatusBadRequest, problem.Text, problem.Hint)
	}
	if q.Get("error") == "access_denied" {
		return v.Refuse(http.StatusBadRequest, "You did not allow it at Meta, so nothing was changed.", "Begin again when you want to.")
	}
	if q.Get("code") == "" {
		return v.Refuse(http.StatusBadRequest, "What came back from Meta has no code.",
			"Begin again; if it stays so, look at the app's configuration at Meta.")
	}

	token, err := p.desk.FinishSignUp(v.Context(), q.Get("code"))
	if errors.As(err, &problem) {
		return v.Refuse(http.StatusBadRequest, problem.Text, problem.Hint)
	}
	if err != nil {
		return err
	}

	sealed, err := p.desk.Seal(map[string]string{"token": token})
	if err != nil {
		return err
	}

	v.Remember(grantKey, sealed)
	return v.Go(choosePath + "/numbers")
}

// choicePage is the page on which one of the granted numbers is chosen.
type choicePage struct {
	Numbers  []Offered
	Chosen   string
	Fields   []web.Field
	Problems []string
	Address  string
	Action   string
}

func (o *choicePage) makeScreen() web.Screen {
	return web.Screen{
		Title: "Choose the number",
		Help:  "It begins in watch mode: conversations appear, and nothing leaves until you turn it live.",
		Data:  o,
	}
}

// withGrant calls do with the token that the session was granted, and the page for it. Meta is asked again each time, so that
// nobody can name a number to which access was not granted.
func (p pages) withGrant(v *web.Visit, do func(token string, o *choicePage) error) error {
	token := p.desk.Unseal(v.Recall(grantKey))["token"]
	if token == "" || !p.desk.SignUp() {
		return v.Refuse(http.StatusNotFound, "Nobody has signed up with Meta here.", "Begin on the page “Add a WhatsApp number”.")
	}

	numbers, err := p.desk.Offered(v.Context(), token)
	if problem, ok := errors.AsType[*web.Problem](err); ok {
		return v.Refuse(http.StatusBadRequest, problem.Text, problem.Hint)
	}
	if err != nil {
		return err
	}

	page, err := p.newAddPage(v, guideOf("whatsapp"))
	if err != nil {
		return err
	}

	o := &choicePage{Numbers: numbers, Action: choosePath + "/numbers", Address: page.Address, Fields: page.fieldsHere()}
	if slices.ContainsFunc(numbers, func(n Offered) bool { return !n.Registered }) {
		o.Fields = append(o.Fields, web.Field{Name: "pin", Label: "Six digits", Placeholder: "123456",
			Help: "For a number that is new at Meta: the PIN of its two-step verification. If it has none, any six digits become it; note them."})
	}

	o.Chosen = numbers[0].ID
	return do(token, o)
}

func (p pages) showNumbers(v *web.Visit) error {
	return p.withGrant(v, func(_ string, o *choicePage) error { return v.Show("numbers", o.makeScreen()) })
}

// addChosen adds the chosen number, and makes Meta call Parley. A number that is new at Meta is registered first.
func (p pages) addChosen(v *web.Visit) error {
	return p.withGrant(v, func(token string, o *choicePage) error {
		o.Chosen = v.Value("number")
		i := slices.IndexFunc(o.Numbers, func(n Offered) bool { return n.ID == o.Chosen })
		name := v.Value("name")

		if i < 0 {
			o.Problems = []string{"Choose one of the numbers."}
			return o.showAgain(v, nil)
		}
		if name == "" {
			return o.showAgain(v, map[string]string{"name": "This is needed."})
		}

		if !o.Numbers[i].Registered {
			err := p.desk.Register(v.Context(), token, o.Numbers[i].ID, v.Value("pin"))
			if problem, ok := errors.AsType[*web.Problem](err); ok {
				return o.showAgain(v, map[string]string{"pin": problem.Text})
			}
			if err != nil {
				return err
			}
		}

		return p.addGranted(v, o, o.Numbers[i], name, token)
	})
}

// showAgain shows the page with what is wrong, by the names of fields.
func (o *choicePage) showAgain(v *web.Visit, problems map[string]string) error {
	form := web.Form{Groups: []web.Group{{Fields: o.Fields}}}
	form.Keep(v, problems)
	for _, f := range o.Fields {
		delete(problems, f.Name)
	}
	for _, text := range problems {
		o.Problems = append(o.Problems, text)
	}
	return v.ShowAgain("numbers", o.makeScreen())
}

func (p pages) addGranted(v *web.Visit, o *choicePage, n Offered, name, token string) error {
	values := map[string][]string{
		"mode":                     {"watch"},
		"whatsapp.phone_number_id": {n.ID},
		"whatsapp.waba_id":         {n.WABA},
		"whatsapp.token":           {token},
		"whatsapp.app_secret":      {p.desk.SignUpSecret()},
		"whatsapp." + verifyField:  {rand.Text()},
	}
	if team := v.Value("team"); team != "" {
		values["team"] = []string{team}
	}

	result, err := p.desk.Save(v.Context(), v.Person, setup.Change{Kind: setup.EntryAccount, Name: name, Channel: "whatsapp", Values: values})
	if refused, ok := errors.AsType[*setup.Refused](err); ok {
		o.Problems = append(o.Problems, refused.Others...)
		return o.showAgain(v, refused.Fields)
	}
	if errors.Is(err, setup.ErrExists) {
		return o.showAgain(v, map[string]string{"name": "There is one of that name already."})
	}
	if err != nil {
		return err
	}

	v.Remember(grantKey, "")
	return p.setNewHook(v, name, result.About(name))
}

// setNewHook makes Meta call Parley for an account that was added just now, with this result. If another program is called already,
// it changes nothing: the account's page shows that, and asks first.
func (p pages) setNewHook(v *web.Visit, name string, result setup.Result) error {
	goOn := func(text string) error {
		return v.GoWithText(Path("whatsapp", name), result.Sentences("The account was added. It is in watch mode. "+text))
	}

	state, err := p.desk.Hook(v.Context(), name)
	isTaken := slices.ContainsFunc(state.Values, func(h channels.HookValue) bool { return h.Now != "" && h.Now != h.Wanted })
	if err == nil && !isTaken {
		err = p.desk.SetHook(v.Context(), v.Person, name)
	}
	if problem, ok := errors.AsType[*web.Problem](err); ok {
		return goOn("Meta could not be told to call Parley yet: " + problem.Error())
	}
	if err != nil {
		return err
	}
	if isTaken {
		return goOn("Meta calls another program for this number: look below before you change that.")
	}

	return goOn("Meta calls Parley.")
}

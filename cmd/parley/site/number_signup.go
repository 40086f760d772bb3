package site

import (
	"context"

	"parley/bot/web/number"
)

func (d *numberDesk) SignUp() bool { return d.o.SignUp != nil }

func (d *numberDesk) SignUpLink(state string) string { return d.o.SignUp.Link(d.signUpReturn(), state) }

func (d *numberDesk) signUpReturn() string { return d.o.BaseURL + number.ReturnPath() }

func (d *numberDesk) SignUpSecret() string { return d.o.SignUp.Secret() }

func (d *numberDesk) FinishSignUp(ctx context.Context, code string) (string, error) {
	token, err := d.o.SignUp.Finish(ctx, code, d.signUpReturn())
	return token, problemOfRefusal(err)
}

func (d *numberDesk) Offered(ctx context.Context, token string) ([]number.Offered, error) {
	numbers, err := d.o.SignUp.Numbers(ctx, token)
	list := make([]number.Offered, len(numbers))
	for i, n := range numbers {
		list[i] = number.Offered(n)
	}
	return list, problemOfRefusal(err)
}

func (d *numberDesk) Register(ctx context.Context, token, id, pin string) error {
	return problemOfRefusal(d.o.SignUp.Register(ctx, token, id, pin))
}

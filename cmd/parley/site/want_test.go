package site_test

import (
	"net/http"
	"strings"
	"testing"

	"parley/cmd/parley/site/sitetest"
)

// Checks of answers. what says in a failure which answer it is.

// wantStatus fails the test if an answer has another status.
func wantStatus(t *testing.T, what string, a sitetest.Answer, want int) {
	t.Helper()
	if a.Status != want {
		t.Errorf("%s: status %d, want %d\n%s", what, a.Status, want, a.Body)
	}
}

// wantRedirect fails the test if an answer doesn't send the browser to a path.
func wantRedirect(t *testing.T, what string, a sitetest.Answer, path string) {
	t.Helper()
	if to := a.Header.Get("Location"); a.Status != http.StatusSeeOther || to != path {
		t.Errorf("%s: status %d to %q, want 303 to %q\n%s", what, a.Status, to, path, a.Body)
	}
}

// wantSignIn fails the test if an answer doesn't send the browser to the page where people sign in.
func wantSignIn(t *testing.T, what string, a sitetest.Answer) {
	t.Helper()
	wantRedirect(t, what, a, "/auth/sign-in")
}

// wantSignedOutForm fails the test if an answer to a form doesn't say that nothing was saved, since nobody is signed in.
func wantSignedOutForm(t *testing.T, what string, a sitetest.Answer) {
	t.Helper()
	wantStatus(t, what, a, http.StatusUnauthorized)
	wantShown(t, what, a, "You are signed out, so nothing was saved.")
}

// wantShown fails the test if an answer lacks one of the texts.
func wantShown(t *testing.T, what string, a sitetest.Answer, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if !a.Has(text) {
			t.Errorf("%s lacks %q:\n%s", what, text, a.Body)
		}
	}
}

// wantHidden fails the test if an answer has one of the texts.
func wantHidden(t *testing.T, what string, a sitetest.Answer, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if a.Has(text) {
			t.Errorf("%s has %q, want it left out:\n%s", what, text, a.Body)
		}
	}
}

// wantHeader fails the test if a header of an answer lacks a text.
func wantHeader(t *testing.T, what string, a sitetest.Answer, name, text string) {
	t.Helper()
	if got := a.Header.Get(name); !strings.Contains(got, text) {
		t.Errorf("%s: header %s is %q, want %q in it", what, name, got, text)
	}
}

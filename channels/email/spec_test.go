package email

import (
	"slices"
	"strings"
	"testing"
)

// Passwords are secrets, and nothing else is.
func TestPasswordsAreSecrets(t *testing.T) {
	t.Parallel()
	var secrets []string
	for _, f := range Spec().Fields {
		if f.Secret {
			secrets = append(secrets, f.Name)
		}
		if isPassword := strings.HasSuffix(f.Name, "password"); isPassword && !f.Secret {
			t.Errorf("field %s is no secret", f.Name)
		}
	}
	if want := []string{"imap.password", "smtp.password"}; !slices.Equal(secrets, want) {
		t.Errorf("secret fields: got %q, want %q", secrets, want)
	}
}

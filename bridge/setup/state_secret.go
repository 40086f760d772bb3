package setup

import (
	"encoding/json"
	"fmt"

	"parley/channels"
	"parley/store"
)

// Config returns the fields of an account's channel that are not encrypted, such as the host of its mail
// server. A secret field that is set is in Config with an empty value, so that an export can list it without
// the master key.
func Config(a store.Account) (channels.Config, error) {
	config := channels.Config{}
	if len(a.Config) == 0 {
		return config, nil
	}
	if err := json.Unmarshal(a.Config, &config); err != nil {
		return nil, fmt.Errorf("setup: account %s: stored settings: %w", a.Name, err)
	}
	return config, nil
}

// Secrets decrypts the secret fields of an account, such as its password. It returns an empty map if there are
// none.
func Secrets(a store.Account, sealer *store.Sealer) (map[string]string, error) {
	secrets := map[string]string{}
	if len(a.Secrets) == 0 {
		return secrets, nil
	}
	plain, err := sealer.Open(secretsOf(a.Name), a.Secrets)
	if err != nil {
		return nil, fmt.Errorf("setup: account %s: secrets: %w", a.Name, err)
	}
	if err := json.Unmarshal(plain, &secrets); err != nil {
		return nil, fmt.Errorf("setup: account %s: secrets are no list of values", a.Name) // err is dropped because it may quote a secret
	}
	return secrets, nil
}

// Seal encrypts the secret fields of an account. It returns nil if there are none.
func Seal(account string, secrets map[string]string, sealer *store.Sealer) ([]byte, error) {
	if len(secrets) == 0 {
		return nil, nil
	}
	plain, err := json.Marshal(secrets)
	if err != nil {
		return nil, fmt.Errorf("setup: account %s: secrets: %w", account, err)
	}
	return sealer.Seal(secretsOf(account), plain), nil
}

// secretsOf returns the place to which an account's secrets are bound. Data that was copied to another
// account's row can't be decrypted there: see store.Sealer.
func secretsOf(account string) string { return "accounts/" + account }

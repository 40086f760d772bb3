package main

import (
	"reflect"
	"strings"
	"testing"

	"parley/store"
)

// Requirement R-126: Rule: the customer's salesman.
func TestReadCustomers(t *testing.T) {
	t.Parallel()
	got, err := readCustomers(strings.NewReader("\ufeffaddress,salesman,brands,manager,assignees\n" +
		"Ann@Shop.example,,,,\n@shop.example, Ben@acme.test,Bosch; Braun;,Lea,\nann@shop.example,ben@acme.test,,,Lea@acme.test; ann@acme.test\n"))
	want := []store.Customer{
		{Address: "ann@shop.example", Salesman: "ben@acme.test", Brands: []string{}, Fields: map[string]string{"manager": ""},
			Assignees: []string{"lea@acme.test", "ann@acme.test"}},
		{Address: "@shop.example", Salesman: "ben@acme.test", Brands: []string{"Bosch", "Braun"}, Fields: map[string]string{"manager": "Lea"},
			Assignees: []string{}},
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v; want %+v", got, err, want)
	}

	for text, fault := range map[string]string{"": "empty", "address,salesman\n,ben@acme.test\n": "line 2", "address\na,b\n": "fields"} {
		if _, err := readCustomers(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), fault) {
			t.Errorf("%q: %v, want %q", text, err, fault)
		}
	}
}

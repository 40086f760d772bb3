package manifests_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

// manifest returns a function that reads the value at a path of a file in manifests/kubernetes, such as
// "$.spec.replicas", as text. What isn't there is "<nil>".
func manifest(t *testing.T, name string) func(path string) string {
	t.Helper()
	text := read(t, "kubernetes/"+name)
	return func(path string) string {
		t.Helper()
		at, err := yaml.PathString(path)
		if err != nil {
			t.Fatal(err)
		}
		var value any
		if err := at.Read(strings.NewReader(text), &value); err != nil && !errors.Is(err, yaml.ErrNotFoundNode) {
			t.Fatalf("%s: %v", name, err)
		}
		return fmt.Sprint(value)
	}
}

// wantValues compares the values of a manifest.
func wantValues(t *testing.T, name string, want map[string]string) {
	t.Helper()
	value := manifest(t, name)
	for path, want := range want {
		if got := value(path); got != want {
			t.Errorf("%s: %s is %s, want %s", name, path, got, want)
		}
	}
}

const (
	pod       = "$.spec.template.spec"
	container = pod + ".containers[0]"
	ours      = "map[app.kubernetes.io/name:parley]" // the labels of our pods, by which everything else finds them
)

// TestKubernetes checks that the names in each manifest exist in the others, that the only container has few rights, and
// that what docs/operations.md promises of them is true.
func TestKubernetes(t *testing.T) {
	t.Parallel()
	wantValues(t, "deployment.yaml", map[string]string{
		"$.kind":                          "Deployment",
		"$.apiVersion":                    "apps/v1",
		"$.spec.selector.matchLabels":     ours,
		"$.spec.template.metadata.labels": ours,
		pod + ".topologySpreadConstraints[0].labelSelector.matchLabels": ours,

		// Three replicas, of which none is away during an upgrade, and which have the time to end.
		"$.spec.replicas": "3",
		"$.spec.strategy.rollingUpdate.maxUnavailable": "0",
		pod + ".terminationGracePeriodSeconds":         "40",

		pod + ".automountServiceAccountToken":                   "false",
		pod + ".securityContext.runAsNonRoot":                   "true",
		pod + ".securityContext.runAsUser":                      "65532",
		pod + ".securityContext.fsGroup":                        "65532",
		pod + ".securityContext.seccompProfile.type":            "RuntimeDefault",
		container + ".securityContext.capabilities.drop":        "[ALL]",
		container + ".securityContext.readOnlyRootFilesystem":   "true",
		container + ".securityContext.allowPrivilegeEscalation": "false",

		container + ".ports[0]":                  "map[containerPort:8080 name:http]",
		container + ".livenessProbe.httpGet":     "map[path:/healthz port:http]",
		container + ".readinessProbe.httpGet":    "map[path:/readyz?without=surfaces port:http]",
		container + ".envFrom":                   "[map[configMapRef:map[name:parley]]]",
		container + ".env":                       "<nil>",
		container + ".volumeMounts[*].name":      "[secrets data temporary]",
		pod + ".volumes[*].name":                 "[secrets data temporary]",
		container + ".volumeMounts[0].mountPath": "/run/secrets/parley",
		pod + ".volumes[0].secret.secretName":    "parley",
		pod + ".volumes[0].secret.defaultMode":   fmt.Sprint(0o440),
	})
	wantValues(t, "service.yaml", map[string]string{
		"$.kind": "Service", "$.metadata.name": "parley", "$.spec.selector": ours,
		"$.spec.ports[0]": "map[name:http port:80 targetPort:http]",
	})
	wantValues(t, "disruption-budget.yaml", map[string]string{
		"$.kind": "PodDisruptionBudget", "$.spec.maxUnavailable": "1", "$.spec.selector.matchLabels": ours,
	})
	wantValues(t, "ingress.yaml", map[string]string{
		"$.kind": "Ingress", "$.spec.rules[0].host": "help.acme.example", "$.spec.tls[0].hosts": "[help.acme.example]",
		"$.spec.rules[0].http.paths[0].backend.service": "map[name:parley port:map[name:http]]",
	})
	wantValues(t, "kustomization.yaml", map[string]string{
		"$.resources":          "[deployment.yaml service.yaml disruption-budget.yaml ingress.yaml]",
		"$.images[0].name":     manifest(t, "deployment.yaml")(container + ".image"),
		"$.configMapGenerator": "[map[envs:[parley.properties] name:parley]]",
	})

	routes := read(t, filepath.Join("..", "cmd", "parley", "app", "http.go"))
	for _, known := range []string{`"GET /healthz"`, `"GET /readyz"`, `Get("without") == "surfaces"`} {
		if !strings.Contains(routes, known) {
			t.Errorf("the program doesn't know %s, which the probes ask", known)
		}
	}
	if !strings.Contains(read(t, "Dockerfile"), "PARLEY_LISTEN=0.0.0.0:8080") {
		t.Error("the service leads to a port on which nobody listens")
	}
}

// TestKubernetesProperties checks the variables of the pods, and where they find their secrets.
func TestKubernetesProperties(t *testing.T) {
	t.Parallel()
	var names []string
	plain := map[string]string{}
	for line := range strings.Lines(read(t, "kubernetes/parley.properties")) {
		name, value, ok := strings.Cut(strings.TrimSpace(strings.TrimPrefix(line, "#")), "=")
		if !ok || strings.Contains(name, " ") {
			continue
		}
		names, plain[name] = append(names, name), value
		if strings.HasSuffix(name, "_FILE") && path.Dir(value) != "/run/secrets/parley" {
			t.Errorf("%s is outside of the secret's folder", name)
		}
	}
	checkVariables(t, "parley.properties", names)
	checkNoSecrets(t, "parley.properties", plain)
	if host := manifest(t, "ingress.yaml")("$.spec.rules[0].host"); plain["PARLEY_PUBLIC_URL"] != "https://"+host {
		t.Errorf("PARLEY_PUBLIC_URL is %s, the ingress serves %s", plain["PARLEY_PUBLIC_URL"], host)
	}
}

// TestKubernetesErasures checks that docs/install.md tells admins how to keep the list of erasures with the snapshots
// of the database: the folder with the list is deleted with its pod. The pod's manifest mustn't say that nothing in the
// pod is needed again.
func TestKubernetesErasures(t *testing.T) {
	t.Parallel()
	_, section, _ := strings.Cut(read(t, "../docs/install.md"), "## Kubernetes\n")
	section, _, _ = strings.Cut(section, "\n## ")
	if !strings.Contains(section, "parley erase --list > erasures") {
		t.Error("docs/install.md: nobody is told to copy the list of erasures")
	}
	for where, text := range map[string]string{"docs/install.md": section, "deployment.yaml": read(t, "kubernetes/deployment.yaml")} {
		if strings.Contains(text, "needed again") {
			t.Errorf("%s says of pods that nothing in them is needed again", where)
		}
	}
}

// TestKubeconform checks with kubeconform, where it is installed, that the manifests have only fields that Kubernetes
// knows. It fetches Kubernetes' schemas.
func TestKubeconform(t *testing.T) {
	t.Parallel()
	kubeconform, err := exec.LookPath("kubeconform")
	if err != nil {
		t.Skip("kubeconform is not installed")
	}
	out, err := exec.CommandContext(t.Context(), kubeconform, "-strict", "-skip", "Kustomization", "kubernetes").CombinedOutput()
	if bytes.Contains(out, []byte("failed downloading schema")) {
		t.Skip("kubeconform can't fetch the schemas of Kubernetes")
	}
	if err != nil {
		t.Errorf("kubeconform: %v\n%s", err, out)
	}
}

// TestKustomize checks that kubectl, if it is installed, makes of the folder what the documentation says.
func TestKustomize(t *testing.T) {
	t.Parallel()
	kubectl, err := exec.LookPath("kubectl")
	if err != nil {
		t.Skip("kubectl is not installed")
	}
	command := exec.CommandContext(t.Context(), kubectl, "kustomize", "kubernetes")
	command.Env = append(os.Environ(), "HOME="+t.TempDir())
	out, err := command.Output()
	if err != nil {
		t.Fatal(err)
	}

	objects := bytes.Split(out, []byte("\n---\n"))
	isOutside := func(object []byte) bool { return !bytes.Contains(object, []byte("\n  namespace: parley")) }
	if len(objects) != 5 || slices.ContainsFunc(objects, isOutside) || !bytes.Contains(out, []byte("image: registry.acme.example/parley:1")) {
		t.Errorf("%d objects, want five in the namespace parley:\n%s", len(objects), out)
	}
}

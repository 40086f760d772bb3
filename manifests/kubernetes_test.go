package manifests_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"
)

// cluster is what the manifests create in Kubernetes.
type cluster struct {
	deployment appsv1.Deployment
	service    corev1.Service
	ingress    networkingv1.Ingress
	budget     policyv1.PodDisruptionBudget
}

// kustomization is the part of kustomize's file format that we use.
type kustomization struct {
	metav1.TypeMeta    `json:",inline"`
	Namespace          string                                   `json:"namespace"`
	Resources          []string                                 `json:"resources"`
	Images             []struct{ Name, NewName, NewTag string } `json:"images"`
	ConfigMapGenerator []struct {
		Name string   `json:"name"`
		Envs []string `json:"envs"`
	} `json:"configMapGenerator"`
	Labels []struct {
		Pairs map[string]string `json:"pairs"`
	} `json:"labels"`
}

// decode reads a manifest into Kubernetes' own type. Errors: the manifest is of another kind, or has fields that the
// kind doesn't have.
func decode(text string, kind, version string, into any) error {
	var head metav1.TypeMeta
	if err := yaml.Unmarshal([]byte(text), &head); err != nil {
		return err
	}
	if head.Kind != kind || head.APIVersion != version {
		return fmt.Errorf("it is a %s of %s, not a %s of %s", head.Kind, head.APIVersion, kind, version)
	}
	return yaml.UnmarshalStrict([]byte(text), into)
}

// loadCluster reads all manifests that kustomization.yaml lists.
func loadCluster(t *testing.T) (c cluster) {
	t.Helper()
	var k kustomization
	if err := decode(read(t, "kubernetes/kustomization.yaml"), "Kustomization", "kustomize.config.k8s.io/v1beta1", &k); err != nil {
		t.Fatal(err)
	}
	for name, part := range map[string]struct {
		kind, version string
		into          any
	}{
		"deployment.yaml":        {"Deployment", "apps/v1", &c.deployment},
		"service.yaml":           {"Service", "v1", &c.service},
		"ingress.yaml":           {"Ingress", "networking.k8s.io/v1", &c.ingress},
		"disruption-budget.yaml": {"PodDisruptionBudget", "policy/v1", &c.budget},
	} {
		if err := decode(read(t, "kubernetes/"+name), part.kind, part.version, part.into); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if !slices.Contains(k.Resources, name) {
			t.Errorf("kustomization.yaml leaves %s out", name)
		}
	}

	files, err := filepath.Glob("kubernetes/*.yaml")
	if err != nil || len(files) != len(k.Resources)+1 {
		t.Errorf("%d files, %d in kustomization.yaml: %v", len(files), len(k.Resources), err)
	}

	if len(k.ConfigMapGenerator) != 1 || k.ConfigMapGenerator[0].Name != "parley" ||
		!slices.Equal(k.ConfigMapGenerator[0].Envs, []string{"parley.properties"}) {
		t.Errorf("the variables come from %v", k.ConfigMapGenerator)
	}

	if len(k.Images) != 1 || len(c.deployment.Spec.Template.Spec.Containers) != 1 ||
		k.Images[0].Name != c.deployment.Spec.Template.Spec.Containers[0].Image {
		t.Fatalf("the image that is replaced is not the one of the container: %v", k.Images)
	}
	return c
}

// TestKubernetes checks that Kubernetes' own types accept the manifests, that the names in each manifest exist in the
// others, and that what docs/operations.md promises of them is true.
func TestKubernetes(t *testing.T) {
	t.Parallel()
	c := loadCluster(t)
	pod := c.deployment.Spec.Template
	for what, selector := range map[string]map[string]string{
		"deployment": c.deployment.Spec.Selector.MatchLabels, "service": c.service.Spec.Selector, "budget": c.budget.Spec.Selector.MatchLabels,
		"spread": pod.Spec.TopologySpreadConstraints[0].LabelSelector.MatchLabels,
	} {
		for key, value := range selector {
			if pod.Labels[key] != value {
				t.Errorf("%s selects %s=%s, which no pod has", what, key, value)
			}
		}
		if len(selector) == 0 {
			t.Errorf("%s selects every pod", what)
		}
	}

	if *c.deployment.Spec.Replicas != 3 || c.budget.Spec.MaxUnavailable.IntValue() != 1 ||
		c.deployment.Spec.Strategy.RollingUpdate.MaxUnavailable.IntValue() != 0 {
		t.Error("three replicas, of which one may be away for a drained node and none for an upgrade")
	}
	if *pod.Spec.TerminationGracePeriodSeconds < 40 {
		t.Error("docs/operations.md promises 40 seconds to end")
	}

	backend := c.ingress.Spec.Rules[0].HTTP.Paths[0].Backend.Service
	if backend.Name != c.service.Name || backend.Port.Name != c.service.Spec.Ports[0].Name {
		t.Errorf("the ingress leads to %s:%s", backend.Name, backend.Port.Name)
	}
	if c.ingress.Spec.TLS[0].Hosts[0] != c.ingress.Spec.Rules[0].Host {
		t.Error("the certificate is for another name")
	}

	checkContainer(t, pod.Spec, c.service.Spec.Ports[0])
	checkProperties(t, pod.Spec, c.ingress.Spec.Rules[0].Host)
}

// checkContainer checks the rights and the probes of the only container.
func checkContainer(t *testing.T, pod corev1.PodSpec, port corev1.ServicePort) {
	t.Helper()
	container := pod.Containers[0]
	rights := container.SecurityContext
	if !*pod.SecurityContext.RunAsNonRoot || *pod.SecurityContext.RunAsUser != 65532 ||
		pod.SecurityContext.SeccompProfile.Type != corev1.SeccompProfileTypeRuntimeDefault ||
		*rights.AllowPrivilegeEscalation || !*rights.ReadOnlyRootFilesystem || !slices.Contains(rights.Capabilities.Drop, "ALL") ||
		*pod.AutomountServiceAccountToken {
		t.Error("the pod has rights that it does not need")
	}

	if container.Ports[0].Name != port.TargetPort.StrVal || container.Ports[0].ContainerPort != 8080 ||
		!strings.Contains(read(t, "Dockerfile"), "PARLEY_LISTEN=0.0.0.0:8080") {
		t.Error("the service leads to a port on which nobody listens")
	}

	routes := read(t, filepath.Join("..", "cmd", "parley", "app", "http.go"))
	for what, probe := range map[string]*corev1.Probe{"/healthz": container.LivenessProbe, "/readyz": container.ReadinessProbe} {
		asked, query, _ := strings.Cut(probe.HTTPGet.Path, "?")
		if asked != what || probe.HTTPGet.Port.StrVal != container.Ports[0].Name || !strings.Contains(routes, `"GET `+what+`"`) {
			t.Errorf("the probe of %s asks %s", what, probe.HTTPGet.Path)
		}
		if key, value, ok := strings.Cut(query, "="); ok && !strings.Contains(routes, fmt.Sprintf("Get(%q) == %q", key, value)) {
			t.Errorf("the program knows no %s at %s", query, what)
		}
	}

	for _, mount := range container.VolumeMounts {
		if !slices.ContainsFunc(pod.Volumes, func(v corev1.Volume) bool { return v.Name == mount.Name }) {
			t.Errorf("%s is mounted and not there", mount.Name)
		}
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

// checkProperties checks the variables of the pods, and where they find their secrets.
func checkProperties(t *testing.T, pod corev1.PodSpec, host string) {
	t.Helper()
	container := pod.Containers[0]
	if container.EnvFrom[0].ConfigMapRef.Name != "parley" || len(container.Env) > 0 {
		t.Error("the variables don't come from parley.properties")
	}

	var names []string
	plain := map[string]string{}
	for line := range strings.Lines(read(t, "kubernetes/parley.properties")) {
		name, value, ok := strings.Cut(strings.TrimSpace(strings.TrimPrefix(line, "#")), "=")
		if !ok || strings.Contains(name, " ") {
			continue
		}
		names, plain[name] = append(names, name), value
		if strings.HasSuffix(name, "_FILE") && path.Dir(value) != container.VolumeMounts[0].MountPath {
			t.Errorf("%s is outside of the secret's folder %s", name, container.VolumeMounts[0].MountPath)
		}
	}

	checkVariables(t, "parley.properties", names)
	checkNoSecrets(t, "parley.properties", plain)
	if plain["PARLEY_PUBLIC_URL"] != "https://"+host {
		t.Errorf("PARLEY_PUBLIC_URL is %s, the ingress serves %s", plain["PARLEY_PUBLIC_URL"], host)
	}
	if pod.Volumes[0].Secret.SecretName != "parley" || *pod.Volumes[0].Secret.DefaultMode != 0o440 || *pod.SecurityContext.FSGroup != 65532 {
		t.Error("the secret's files can't be read by the pod's user, or by too many")
	}
}

// TestKubernetesRefuses checks that decode finds mistakes in a manifest.
func TestKubernetesRefuses(t *testing.T) {
	t.Parallel()
	for name, change := range map[string][2]string{
		"a misspelt key":     {"readinessProbe:", "readynessProbe:"},
		"a key out of place": {"replicas: 3", "replicas: 3\n  image: parley"},
		"no number":          {"periodSeconds: 10", "periodSeconds: often"},
		"a key twice":        {"replicas: 3", "replicas: 3\n  replicas: 4"},
		"another kind":       {"kind: Deployment", "kind: StatefulSet"},
	} {
		changed := strings.Replace(read(t, "kubernetes/deployment.yaml"), change[0], change[1], 1)
		if err := decode(changed, "Deployment", "apps/v1", &appsv1.Deployment{}); err == nil {
			t.Errorf("%s was taken", name)
		}
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

	made := 0
	for document := range bytes.SplitSeq(out, []byte("\n---\n")) {
		var object metav1.PartialObjectMetadata
		if err := yaml.Unmarshal(document, &object); err != nil {
			t.Fatal(err)
		}
		if object.Namespace != "parley" {
			t.Errorf("%s %s is outside of the namespace", object.Kind, object.Name)
		}
		made++
	}
	if made != 5 || !bytes.Contains(out, []byte("image: registry.acme.example/parley:1")) {
		t.Errorf("%d objects:\n%s", made, out)
	}
}

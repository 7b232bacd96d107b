{{- define "azimage.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- /* Names end at 40 characters, so that every suffix of this chart still fits into a label's 63. */ -}}
{{- define "azimage.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" }}
{{- else }}
{{- $name := include "azimage.name" . }}
{{- if contains $name .Release.Name }}
{{- .Release.Name | trunc 40 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name $name | trunc 40 | trimSuffix "-" }}
{{- end }}
{{- end }}
{{- end }}

{{- /* A selector can't be changed later, so it holds only what never changes. */ -}}
{{- define "azimage.selectorLabels" -}}
app.kubernetes.io/name: {{ include "azimage.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "azimage.labels" -}}
{{- $labels := dict
  "app.kubernetes.io/version" .Chart.AppVersion
  "app.kubernetes.io/component" "controller"
  "app.kubernetes.io/part-of" "azimage"
  "app.kubernetes.io/managed-by" .Release.Service
  "helm.sh/chart" (printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-")
-}}
{{- toYaml (mergeOverwrite (deepCopy .Values.commonLabels) $labels (include "azimage.selectorLabels" . | fromYaml)) }}
{{- end }}

{{- define "azimage.serviceAccountName" -}}
{{- if .Values.serviceAccount.create }}
{{- default (include "azimage.fullname" .) .Values.serviceAccount.name }}
{{- else }}
{{- default "default" .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{- define "azimage.image" -}}
{{- if .Values.image.digest }}
{{- printf "%s@%s" .Values.image.repository .Values.image.digest }}
{{- else }}
{{- printf "%s:%s" .Values.image.repository (default .Chart.AppVersion .Values.image.tag) }}
{{- end }}
{{- end }}

{{- /* The seconds that Kubernetes gives the pod: the controller's own limit and a margin, or it would be killed first. */ -}}
{{- define "azimage.gracePeriodSeconds" -}}
{{- $timeout := .Values.controller.shutdownTimeout }}
{{- $factor := 1 }}
{{- if hasSuffix "h" $timeout }}{{ $factor = 3600 }}{{ else if hasSuffix "m" $timeout }}{{ $factor = 60 }}{{ end }}
{{- add 5 (mul $factor (regexFind "^[0-9]+" $timeout | int)) }}
{{- end }}

{{- /* The command line of the controller, one flag a line. */ -}}
{{- define "azimage.args" -}}
- controller
{{- $election := .Values.leaderElection }}
{{- if $election.enabled }}
- --leader-elect
- {{ printf "--leader-elect-lease-duration=%s" $election.leaseDuration | quote }}
- {{ printf "--leader-elect-renew-deadline=%s" $election.renewDeadline | quote }}
- {{ printf "--leader-elect-retry-period=%s" $election.retryPeriod | quote }}
{{- else if gt (int .Values.replicas) 1 }}
{{- fail "replicas: more than 1 needs leaderElection.enabled, or all of them would write to Azure" }}
{{- end }}
{{- with .Values.watchNamespaces }}
- {{ printf "--watch-namespaces=%s" (join "," .) | quote }}
{{- end }}
{{- if .Values.admissionPolicy.enabled }}
- --believe-latest-changed-by
{{- end }}
{{- with .Values.clusterId }}
- {{ printf "--cluster-id=%s" . | quote }}
{{- end }}
- {{ printf "--service-account-names=%s" (join "," .Values.azure.serviceAccountNames) | quote }}
{{- with .Values.azure.workspaces }}
- {{ printf "--workspaces=%s" (join "," .) | quote }}
{{- end }}
{{- with .Values.azure.namespaces }}
- {{ printf "--identity-namespaces=%s" (join "," .) | quote }}
{{- end }}
{{- with .Values.azure }}
{{- if .resourceManager }}
- {{ printf "--azure-resource-manager=%s" .resourceManager | quote }}
- {{ printf "--azure-authority-host=%s" .authorityHost | quote }}
{{- else }}
- {{ printf "--azure-cloud=%s" .cloud | quote }}
{{- end }}
{{- if .caConfigMap.name }}
- "--azure-ca-file=/etc/azimage/azure-ca/ca.crt"
{{- end }}
- {{ printf "--azure-identity=%s" .identity | quote }}
{{- with .tenantId }}
- {{ printf "--azure-tenant-id=%s" . | quote }}
{{- end }}
{{- with .clientId }}
- {{ printf "--azure-client-id=%s" . | quote }}
{{- end }}
{{- if eq .identity "client-secret" }}
- "--azure-client-secret-file=/etc/azimage/azure-client-secret/client-secret"
{{- end }}
{{- if eq .identity "client-certificate" }}
- "--azure-client-certificate-file=/etc/azimage/azure-client-certificate/client-certificate.pem"
{{- end }}
{{- end }}
{{- with .Values.controller }}
- {{ printf "--image-version-concurrency=%d" (int .imageVersionConcurrency) | quote }}
- {{ printf "--replication-target-concurrency=%d" (int .replicationTargetConcurrency) | quote }}
- {{ printf "--poll-interval=%s" .pollInterval | quote }}
- {{ printf "--resync-interval=%s" .resyncInterval | quote }}
- {{ printf "--retry-min=%s" .retryMin | quote }}
- {{ printf "--retry-max=%s" .retryMax | quote }}
- {{ printf "--shutdown-timeout=%s" .shutdownTimeout | quote }}
{{- end }}
- "--health-address=0.0.0.0:8081"
- "--metrics-address=0.0.0.0:8080"
- {{ printf "--log-format=%s" .Values.logging.format | quote }}
- {{ printf "--log-level=%s" .Values.logging.level | quote }}
{{- end }}

{{- /* What the controller does to objects: it never writes a spec, but finalizers are part of the object itself. */ -}}
{{- define "azimage.objectRules" -}}
- apiGroups: [azimage.dev]
  resources: [imageversions, replicationtargets, imagedefinitions]
  verbs: [get, list, watch, patch]
- apiGroups: [azimage.dev]
  resources: [imageversions/status, replicationtargets/status, imagedefinitions/status]
  verbs: [patch]
- apiGroups: [events.k8s.io]
  resources: [events]
  verbs: [create, patch]
# In a namespace that is being deleted nothing is begun that can't be taken back.
- apiGroups: [""]
  resources: [namespaces]
  verbs: [get]
{{- with .Values.azure.serviceAccountNames }}
# The identities of teams: objects name a ServiceAccount of their namespace, whose tokens Azure trusts. A token is all that
# its ServiceAccount may do, so there are tokens only for these names.
- apiGroups: [""]
  resources: [serviceaccounts]
  {{- if not (has "*" .) }}
  resourceNames: {{ toJson . }}
  {{- end }}
  verbs: [get]
- apiGroups: [""]
  resources: [serviceaccounts/token]
  {{- if not (has "*" .) }}
  resourceNames: {{ toJson . }}
  {{- end }}
  verbs: [create]
{{- end }}
{{ include "azimage.exportRules" . }}
{{- end }}

{{- /* ConfigMaps that say what is latest. A server-side apply makes one by its name, so even the right to create can be bound to names. */ -}}
{{- define "azimage.exportRules" -}}
{{- with .Values.export.configMapNames }}
- apiGroups: [""]
  resources: [configmaps]
  {{- if not (has "*" .) }}
  resourceNames: {{ toJson . }}
  {{- end }}
  verbs: [get, create, patch, delete]
{{- end }}
{{- end }}

{{- /* A right to create can't be bound to a name. */ -}}
{{- define "azimage.leaderElectionRules" -}}
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  verbs: [create]
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  resourceNames: [azimage.dev-controller]
  verbs: [get, update]
{{- end }}

{{- define "azimage.clusterIdRule" -}}
- apiGroups: [""]
  resources: [namespaces]
  resourceNames: [kube-system]
  verbs: [get]
{{- end }}

{{- define "azimage.subjects" -}}
- kind: ServiceAccount
  name: {{ include "azimage.serviceAccountName" . }}
  namespace: {{ .Release.Namespace }}
{{- end }}

{{/* Variables for a proxy, in both spellings. The API server and the metadata service of the node are never reached through one. */}}
{{- define "azimage.proxyEnv" -}}
{{- $proxy := .Values.proxy | default dict }}
{{- if or $proxy.http $proxy.https }}
{{- $none := concat ($proxy.none | default list) (list "169.254.169.254" "$(KUBERNETES_SERVICE_HOST)") }}
{{- range $name, $value := dict "HTTP_PROXY" $proxy.http "HTTPS_PROXY" $proxy.https "NO_PROXY" (join "," $none) }}
{{- if $value }}
- name: {{ $name }}
  value: {{ $value | quote }}
- name: {{ lower $name }}
  value: {{ $value | quote }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

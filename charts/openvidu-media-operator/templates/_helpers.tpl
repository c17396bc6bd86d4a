{{- define "ovm.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 50 | trimSuffix "-" -}}
{{- end -}}

{{- define "ovm.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 50 | trimSuffix "-" -}}
{{- else if contains (include "ovm.name" .) .Release.Name -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "ovm.name" .) | trunc 50 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "ovm.selectorLabels" -}}
app.kubernetes.io/name: {{ include "ovm.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "ovm.labels" -}}
{{ include "ovm.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/component: operator
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{- define "ovm.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "ovm.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- /* Name of the cluster-wide objects: two releases of the same name in two namespaces must not share one. */ -}}
{{- define "ovm.clusterName" -}}
{{- printf "%s-%s" .Release.Namespace (include "ovm.fullname" .) -}}
{{- end -}}

{{- define "ovm.subject" -}}
- kind: ServiceAccount
  name: {{ include "ovm.serviceAccountName" . }}
  namespace: {{ .Release.Namespace }}
{{- end -}}

{{- /* Whether Kubernetes Nodes are watched: as told, else where the operator has a ClusterRole anyway. */ -}}
{{- define "ovm.kubernetesNodes" -}}
{{- if kindIs "bool" .Values.rbac.kubernetesNodes -}}
{{- .Values.rbac.kubernetesNodes -}}
{{- else -}}
{{- empty .Values.watchNamespace -}}
{{- end -}}
{{- end -}}

{{- /* What the operator may do where it looks after OpenViduClusters. */ -}}
{{- define "ovm.rules" -}}
# To patch is needed for the finalizer alone, for which there is no right of its own.
- apiGroups: [openvidu.io]
  resources: [openviduclusters]
  verbs: [get, list, watch, patch]
- apiGroups: [openvidu.io]
  resources: [openviduclusters/status]
  verbs: [get, patch]
- apiGroups: [openvidu.io]
  resources: [openviduclusters/finalizers]
  verbs: [update]
- apiGroups: [""]
  resources: [pods]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [""]
  resources: [services]
  verbs: [get, create, patch]
# Not list or watch: the operator reads the Secrets that an OpenViduCluster names, and no others.
- apiGroups: [""]
  resources: [secrets]
  verbs: [get, create, patch]
# What Pods are and were made from. With one that is deleted its Secret goes, by the garbage collector.
- apiGroups: [apps]
  resources: [controllerrevisions]
  verbs: [get, list, watch, create, patch, delete]
# The receipts of removals, and what was learned.
- apiGroups: [""]
  resources: [configmaps]
  verbs: [get, create, patch]
- apiGroups: [policy]
  resources: [poddisruptionbudgets]
  verbs: [get, create, patch]
- apiGroups: [events.k8s.io]
  resources: [events]
  verbs: [create, patch]
# What one Media Node carries, by measurement.
- apiGroups: [openvidu.io]
  resources: [openviducapacityprofiles]
  verbs: [get, list, watch]
- apiGroups: [openvidu.io]
  resources: [openviducapacityprofiles/status]
  verbs: [get, patch]
{{- if .Values.loadTests.enabled }}
# To patch is needed for the finalizer, to delete for those whose spec.cleanup.ttl is over.
- apiGroups: [openvidu.io]
  resources: [openviduloadtests]
  verbs: [get, list, watch, patch, delete]
- apiGroups: [openvidu.io]
  resources: [openviduloadtests/status]
  verbs: [get, patch]
- apiGroups: [openvidu.io]
  resources: [openviduloadtests/finalizers]
  verbs: [update]
# The profile that a load test gives.
- apiGroups: [openvidu.io]
  resources: [openviducapacityprofiles]
  verbs: [create, patch]
- apiGroups: [batch]
  resources: [jobs]
  verbs: [get, create, delete]
# The coordinator's own, which may read and write the ConfigMap with its result and nothing else. They go with the test.
- apiGroups: [""]
  resources: [serviceaccounts]
  verbs: [create]
- apiGroups: [rbac.authorization.k8s.io]
  resources: [roles, rolebindings]
  verbs: [create]
{{- end }}
{{- end -}}

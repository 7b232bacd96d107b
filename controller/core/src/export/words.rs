//! What is said of the `ConfigMap`.

use crate::message::messages;

messages! {
    /// How it stands with the `ConfigMap`.
    pub(crate) enum Words {
        Written { name: String } => Exported / Succeeded:
            "The ConfigMap {name} says what is latest",
        Writing { name: String } => Exported / Progressing:
            "Writing the ConfigMap {name}",
        Nothing { name: String } => Exported / NothingLatest:
            "No version is latest, so there is no ConfigMap {name}; it comes with the next version that is latest",
        Unsure { name: String } => Exported / Progressing:
            "What is latest isn't known before each version has told; a ConfigMap {name} that is there stays as it is",
        Removing { name: String } => Exported / CleaningUp:
            "Deleting the ConfigMap {name}, which spec.export names no more",
    }
}

messages! {
    /// What only a person can change.
    pub(crate) enum Wrong {
        Foreign { name: String } => Exported / ConfigMapExists:
            "spec.export.configMapName: the ConfigMap {name} exists already, and wasn't made for this object, so it is left alone; use \
             another name, or delete it",
        OfAnother { name: String, other: String } => Exported / ConfigMapExists:
            "spec.export.configMapName: the ConfigMap {name} is that of the ImageDefinition {other}; use another name in one of the two",
        Wanted { name: String, other: String } => Exported / ConfigMapExists:
            "spec.export.configMapName: the older ImageDefinition {other} names the ConfigMap {name} as well; use another name in one of \
             the two",
        Refused { name: String, doing: String, says: String } => Exported / ExportRefused:
            "The API server doesn't let the controller {doing} the ConfigMap {name}: {says}. If it lacks the right, add the name to \
             export.configMapNames of the Helm chart, or grant it get, create, patch and delete on this ConfigMap",
        NotKept { name: String } => Exported / ExportRefused:
            "The ConfigMap {name} isn't as it was written: something changes it, such as an admission webhook. Have that leave it alone",
    }
}

-- The status follows kstatus: status.observedGeneration is -1 until azimage has looked at the object, Ready is always there
-- after that, and Reconciling and Stalled are there only while they are True.
local hs = {}
if obj.spec ~= nil and obj.spec.suspend == true then
  hs.status = "Suspended"
  hs.message = obj.kind .. " is suspended"
  return hs
end
if obj.status == nil or obj.status.observedGeneration ~= obj.metadata.generation then
  hs.status = "Progressing"
  hs.message = "Waiting for azimage to look at the object as it is now"
  return hs
end
local conditions = {}
for _, condition in ipairs(obj.status.conditions or {}) do
  if condition.status == "True" then
    conditions[condition.type] = condition
  end
end
if conditions["Stalled"] ~= nil then
  hs.status = "Degraded"
  hs.message = conditions["Stalled"].message
elseif conditions["Reconciling"] ~= nil then
  hs.status = "Progressing"
  hs.message = conditions["Reconciling"].message
elseif conditions["Ready"] ~= nil then
  hs.status = "Healthy"
  hs.message = conditions["Ready"].message
else
  hs.status = "Progressing"
  hs.message = "Waiting for the condition Ready"
end
return hs

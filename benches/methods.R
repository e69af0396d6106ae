# The same series, the same settings, by the R package `surveillance`: what benches/methods.sh sets wanglou beside.
# usage: Rscript methods.R SERIES.csv FIRST_EARS FIRST_FARRINGTON FIRST_CUSUM OUT   (prints method, points, seconds; thresholds go to OUT)
suppressPackageStartupMessages(library(surveillance))
args <- commandArgs(trailingOnly = TRUE)
input <- read.csv(args[1])
counts <- input$count
first <- as.integer(args[2:4])
series <- sts(counts, start = c(1980, 1), frequency = 52)
run <- function(name, from, call) {
    range <- from:length(counts)
    seconds <- system.time(found <- call(range))[["elapsed"]]
    write.csv(data.frame(index = range, threshold = found@upperbound[, 1], alarm = as.integer(found@alarm[, 1])),
              file.path(args[5], paste0(name, ".r.csv")), row.names = FALSE)
    cat(name, length(range), seconds, "\n")
}
run("ears", first[1], function(range) earsC(series, list(range = range, method = "C1", baseline = 7, minSigma = 0, alpha = 0.001)))
run("farrington_flexible", first[2], function(range) farringtonFlexible(series, list(
    range = range, b = 4, w = 3, reweight = TRUE, weightsThreshold = 2.58, alpha = 0.01, trend = TRUE, pThresholdTrend = 1,
    limit54 = c(0, 4), powertrans = "2/3", noPeriods = 10, pastWeeksNotIncluded = 26, thresholdMethod = "nbPlugin",
    glmWarnings = FALSE, populationOffset = FALSE)))
run("glr_cusum", first[3], function(range) glrpois(series, list(
    range = range, mu0 = input$mu0[range], c.ARL = 5, Mtilde = 1, M = 200, change = "intercept", dir = "inc", ret = "value")))
